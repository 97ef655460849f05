namespace Net.Security.Internal;

/// <summary>Finds what of a snapshot must be renewed, and when that is worth another look. Pure.</summary>
internal static class ExpiryMarks
{
    // Beside the warning of the options: a week to have it issued, and the last day.
    private static readonly TimeSpan[] Fixed = [TimeSpan.FromDays(7), TimeSpan.FromDays(1), TimeSpan.Zero];

    /// <summary>Finds what must be renewed.</summary>
    /// <param name="snapshot">What is in use.</param>
    /// <param name="warning">How long before its end a certificate is warned of.</param>
    /// <param name="now">The time.</param>
    /// <param name="next">When the next mark of anything is passed; <see cref="DateTimeOffset.MaxValue"/> for never.</param>
    internal static List<CertificateExpiry> Find(TlsSnapshot snapshot, TimeSpan warning, DateTimeOffset now, out DateTimeOffset next)
    {
        TimeSpan[] marks = [warning, .. Fixed.Where(mark => mark < warning || mark == TimeSpan.Zero)];
        List<CertificateExpiry> found = [];
        next = DateTimeOffset.MaxValue;
        foreach (WatchedEnd end in snapshot.Ends)
        {
            TimeSpan left = end.NotAfter - now;
            next = Earlier(next, NextMark(end.NotAfter, marks, now));
            if (left <= TimeSpan.Zero || left <= warning)
            {
                found.Add(new CertificateExpiry(left <= TimeSpan.Zero ? CertificateExpiryKind.Expired : CertificateExpiryKind.ExpiresSoon, end.Name, end.SerialNumber, end.NotAfter)
                {
                    Position = end.Position,
                    IsPeerAuthority = end.IsPeerAuthority,
                    IsIssuer = end.IsIssuer,
                    Threshold = left <= TimeSpan.Zero ? TimeSpan.Zero : marks.Where(mark => left <= mark).Min(),
                });
            }
        }

        foreach (VerifiedList list in snapshot.TrustState?.Lists ?? [])
        {
            if (list.List.NextUpdate is not DateTimeOffset due)
            {
                continue;
            }

            next = Earlier(next, NextMark(due, [TimeSpan.Zero], now));
            if (now >= due)
            {
                found.Add(new CertificateExpiry(CertificateExpiryKind.ListIsOverdue, PeerText.Clean(list.List.Issuer.Name), SerialNumber: null, due));
            }
        }

        return found;
    }

    private static DateTimeOffset NextMark(DateTimeOffset end, TimeSpan[] marks, DateTimeOffset now) =>
        marks.Where(mark => end - mark > now).Select(mark => end - mark).DefaultIfEmpty(DateTimeOffset.MaxValue).Min();

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;
}
