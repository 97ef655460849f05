namespace Net.IntegrationTests.Setup;

/// <summary>
/// A machine made of a few stand-in programs, so that the set-up scripts can be seen installing without installing:
/// the loader's cache, the package database, apt-get, sudo and the user are files in a directory of its own.
/// </summary>
internal sealed class FakeMachine : IDisposable
{
    public const string Debian12 = "ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n";
    public const string Debian13 = "ID=debian\nVERSION_ID=\"13\"\nVERSION_CODENAME=trixie\n";
    public const string OtherSystem = "ID=fedora\nVERSION_ID=42\n";

    public static readonly string[] Libraries = ["libngtcp2.so.16", "libngtcp2_crypto_gnutls.so.8", "libnghttp3.so.9", "libgnutls.so.30"];

    private readonly TemporaryDirectory _directory = new();

    public FakeMachine(string operatingSystem, int userId = 0, bool sudoWorks = false)
    {
        SetupRequirement.Program("bash");
        _directory.WriteFile("os-release", operatingSystem);
        _directory.WriteFile("loader-cache", string.Empty);
        _directory.WriteFile("packages", string.Empty);
        Directory.CreateDirectory(_directory.Combine("apt", "sources.list.d"));
        AddProgram("ldconfig", $"[ \"${{1:-}}\" != -p ] || cat {_directory.Combine("loader-cache")}");
        AddProgram("id", $"echo {userId}");
        AddProgram("openssl", "exit 0");
        AddProgram("systemctl", "exit 1");
        AddProgram("npm", "exit 1");
        AddProgram("sudo", sudoWorks ? $"shift; echo \"$*\" >>{_directory.Combine("sudo-log")}; exec \"$@\"" : "exit 1");
        AddProgram("dpkg", "exec /usr/bin/dpkg \"$@\"");
        // dpkg-query -W -f FORMAT [NAME]: one line per package of the file "packages", which holds SOURCE NAME VERSION.
        AddProgram("dpkg-query", $$"""
            awk -v name="${4:-}" -v format="$3" 'name == "" { print $1, "ii", $2 } name != "" && $2 == name {
                found = 1; if (format ~ /Status/) printf "ii "; else printf "%s", $3 } END { exit !(found || name == "") }' {{_directory.Combine("packages")}}
            """);
        AddProgram("apt-get", $$"""
            echo "$*" >>{{_directory.Combine("apt-log")}}
            case "$*" in install*) cat {{_directory.Combine("after-install")}} >{{_directory.Combine("loader-cache")}} ;; esac
            """);
        WillInstall(Libraries);
    }

    public string AptDirectory => _directory.Combine("apt");

    /// <summary>The arguments of every apt-get so far, one line each; empty when it never ran.</summary>
    public string[] AptCalls => ReadLines("apt-log");

    public string[] SudoCalls => ReadLines("sudo-log");

    public void HasLibraries(params string[] libraries) => _directory.WriteFile("loader-cache", LoaderCache(libraries));

    public void HasPackages(params string[] sourceNameVersion) => _directory.WriteFile("packages", string.Join('\n', sourceNameVersion) + "\n");

    public void HasAptSources(string fileName, string text) => _directory.WriteFile(Path.Combine("apt", fileName), text);

    /// <summary>What the loader will find after the next apt-get install.</summary>
    public void WillInstall(params string[] libraries) => _directory.WriteFile("after-install", LoaderCache(libraries));

    public Task<ScriptResult> RunAsync(string script, params string[] arguments) =>
        ScriptRun.StartAsync("bash", [RepositoryFiles.PathOf(script), .. arguments], new Dictionary<string, string>
        {
            ["PATH"] = $"{_directory.Combine("bin")}:{Environment.GetEnvironmentVariable("PATH")}",
            ["LD_LIBRARY_PATH"] = string.Empty,
            ["NET_APT_DIR"] = AptDirectory,
            ["NET_OS_RELEASE"] = _directory.Combine("os-release"),
        });

    public void Dispose() => _directory.Dispose();

    private static string LoaderCache(string[] libraries) =>
        string.Concat(libraries.Select(library => $"\t{library} (libc6,x86-64) => /usr/lib/{library}\n"));

    private void AddProgram(string name, string body)
    {
        string path = _directory.WriteFile(Path.Combine("bin", name), $"#!/bin/sh\n{body}\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    private string[] ReadLines(string name)
    {
        string path = _directory.Combine(name);
        return File.Exists(path) ? File.ReadAllLines(path) : [];
    }
}
