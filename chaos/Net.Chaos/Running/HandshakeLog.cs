using Net.Chaos.Judging;

namespace Net.Chaos.Running;

/// <summary>Which certificates were put in place when, and which of them handshakes showed. Thread-safe.</summary>
internal sealed class HandshakeLog(TimeProvider timeProvider)
{
    /// <summary>How long after a change handshakes may still show the certificate before.</summary>
    internal static readonly TimeSpan SwapTime = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Issued> _bySerial = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, Issued> _byName = [];
    private TimeSpan _longestOld;
    private long _changes;
    private long _fresh;
    private long _bad;

    /// <summary>A certificate is about to be put in place of another one's.</summary>
    /// <param name="name">Whose it is.</param>
    /// <param name="serial">Its serial number.</param>
    internal void Place(string name, string serial)
    {
        lock (_lock)
        {
            var issued = new Issued { PlacedAt = timeProvider.GetTimestamp() };
            if (_byName.TryGetValue(name, out Issued? before))
            {
                before.ReplacedAt = issued.PlacedAt;
                _changes++;
            }

            _bySerial[serial] = _byName[name] = issued;
        }
    }

    /// <summary>A certificate that nobody may ever see is about to be put in place.</summary>
    internal void PlaceBad(string serial)
    {
        lock (_lock)
        {
            _bySerial[serial] = new Issued { IsBad = true };
        }
    }

    /// <summary>A handshake shows a certificate, a server's or a client's.</summary>
    internal void Show(string serial)
    {
        lock (_lock)
        {
            if (!_bySerial.TryGetValue(serial, out Issued? issued))
            {
                // Not of the run's authorities.
                return;
            }

            issued.Shown++;
            if (issued.IsBad)
            {
                _bad++;
            }
            else if (issued.ReplacedAt is { } replacedAt)
            {
                TimeSpan old = timeProvider.GetElapsedTime(replacedAt);
                _longestOld = old > _longestOld ? old : _longestOld;
            }
            else if (timeProvider.GetElapsedTime(issued.PlacedAt) >= SwapTime)
            {
                _fresh++;
            }
        }
    }

    /// <summary>How many handshakes showed a certificate.</summary>
    internal int CountShown(string serial)
    {
        lock (_lock)
        {
            return _bySerial.TryGetValue(serial, out Issued? issued) ? issued.Shown : 0;
        }
    }

    /// <summary>What is known by now.</summary>
    internal CertificateEvidence Read()
    {
        lock (_lock)
        {
            return new CertificateEvidence { Changes = _changes, FreshHandshakes = _fresh, LongestOld = _longestOld, BadShown = _bad };
        }
    }

    private sealed class Issued
    {
        internal long PlacedAt { get; init; }

        internal bool IsBad { get; init; }

        internal long? ReplacedAt { get; set; }

        internal int Shown { get; set; }
    }
}
