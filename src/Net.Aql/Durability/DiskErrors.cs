namespace Net.Aql;

/// <summary>Tells a full disk from other failures of input and output.</summary>
internal static class DiskErrors
{
    private const int NoSpace = 28;
    private const int WindowsHandleDiskFull = unchecked((int)0x80070027);
    private const int WindowsDiskFull = unchecked((int)0x80070070);
    private const int WindowsQuota = unchecked((int)0x8007050F);

    // EDQUOT: the user's share of the disk is used up.
    private static int Quota => OperatingSystem.IsLinux() ? 122 : 69;

    internal static bool MeansFull(Exception failure) =>
        failure is IOException
        && (OperatingSystem.IsWindows()
            ? failure.HResult is WindowsDiskFull or WindowsHandleDiskFull or WindowsQuota
            : failure.HResult == NoSpace || failure.HResult == Quota);

    internal static bool IsFailure(Exception failure) => failure is IOException or UnauthorizedAccessException or ObjectDisposedException;
}
