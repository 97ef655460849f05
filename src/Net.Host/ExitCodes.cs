namespace Net.Hosting;

/// <summary>What the process says when it ends. Documented in <c>net --help</c>.</summary>
internal static class ExitCodes
{
    internal const int Ok = 0;
    internal const int Failure = 1;
    internal const int Usage = 2;
    internal const int CannotBind = 3;
    internal const int EngineMissing = 4;
    internal const int Certificate = 5;

    internal const string Help = "0 ok, 1 failure, 2 wrong usage, 3 cannot bind the port, 4 no QUIC engine, 5 certificate problem";
}
