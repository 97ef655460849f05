using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Net.UnitTests.Ngtcp2.Interop;

/// <summary>What the C headers of this machine say, asked by a small program that the C compiler builds for the purpose.</summary>
internal sealed class CProgram
{
    private const string Packages = "'apt-get install gcc libc6-dev libngtcp2-dev libngtcp2-crypto-gnutls-dev libgnutls28-dev' "
        + "(on Debian 12 the ngtcp2 packages as NAME/bookworm-backports)";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private static readonly Dictionary<Type, string> Primitives = new()
    {
        [typeof(void)] = "void",
        [typeof(byte)] = "uint8_t",
        [typeof(ushort)] = "uint16_t",
        [typeof(int)] = "int",
        [typeof(uint)] = "uint32_t",
        [typeof(long)] = "int64_t",
        [typeof(ulong)] = "uint64_t",
        [typeof(nint)] = "ptrdiff_t",
        [typeof(nuint)] = "size_t",
    };

    private readonly StringBuilder _statements = new();

    /// <summary>Asks for a number, to be found under <paramref name="key"/>.</summary>
    internal void Ask(string key, string expression) =>
        _statements.Append(CultureInfo.InvariantCulture, $"  printf(\"%s %lld\\n\", \"{key}\", (long long)({expression}));\n");

    /// <summary>
    /// Asks for the size of what a function returns, and makes the compiler check how many arguments it takes, how wide they are and what they
    /// point to. The call is never made.
    /// </summary>
    internal void AskCall(string key, string callee, IEnumerable<Type> parameters)
    {
        var types = parameters.Select(CType).ToArray();

        // C widens a byte by itself when no prototype says otherwise, which the check for widths then reports.
        var check = types.Contains("uint8_t") ? "ignored" : "error";
        _statements.Append("#pragma GCC diagnostic push\n");
        _statements.Append(CultureInfo.InvariantCulture, $"#pragma GCC diagnostic {check} \"-Wtraditional-conversion\"\n");
        Ask(key, $"sizeof({callee}({string.Join(", ", types.Select(static type => $"*({type} *)0"))}))");
        _statements.Append("#pragma GCC diagnostic pop\n");
    }

    /// <summary>Builds and runs the program. Ends the test when the compiler or the headers are missing.</summary>
    internal Dictionary<string, long> Run()
    {
        var directory = Directory.CreateTempSubdirectory("net-layout-");
        try
        {
            var source = Path.Combine(directory.FullName, "layout.c");
            var program = Path.Combine(directory.FullName, "layout");
            File.WriteAllText(source, Text());
            var (exitCode, _, errors) = Start(
                "cc", "-std=gnu11", "-Werror=incompatible-pointer-types", "-Werror=int-conversion", "-o", program, source);
            if (exitCode != 0 && errors.Contains("No such file or directory", StringComparison.Ordinal))
            {
                NativeRequirement.Missing($"The C headers are missing: {Packages}. {errors}");
            }

            if (exitCode != 0 && errors.Contains("headers are older", StringComparison.Ordinal))
            {
                NativeRequirement.Missing($"The C headers are older than ngtcp2 1.11: {Packages}.");
            }

            Assert.AreEqual(0, exitCode, $"What C# declares is not what the C headers have:\n{errors}");
            var (runExitCode, output, runErrors) = Start(program);
            Assert.AreEqual(0, runExitCode, runErrors);
            return output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => line.Split(' '))
                .ToDictionary(static words => words[0], static words => long.Parse(words[1], CultureInfo.InvariantCulture));
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    // A pointer to text may be one to char of either sign, which C tells apart behind a second pointer.
    private static string CType(Type type) =>
        type.IsFunctionPointer || type == typeof(byte).MakePointerType().MakePointerType() ? "void *"
        : type.IsPointer ? CType(type.GetElementType()!) + " *"
        : type.Name.StartsWith("gnutls_", StringComparison.Ordinal) && ManagedLayout.IsOpaque(type) ? "struct " + type.Name
        : type.Name.Contains('_', StringComparison.Ordinal) ? type.Name
        : Primitives[type];

    private static (int ExitCode, string Output, string Errors) Start(string program, params string[] arguments)
    {
        // The compiler's messages are looked at, so they must come in one language.
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["LC_ALL"] = "C";
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            NativeRequirement.Missing($"There is no C compiler: {Packages}. {exception.Message}");
            throw;
        }

        using (process)
        {
            var output = process.StandardOutput.ReadToEndAsync();
            var errors = process.StandardError.ReadToEndAsync();
            if (!process.WaitForExit(Limit))
            {
                process.Kill(entireProcessTree: true);
                Assert.Fail($"{program} did not end within {Limit}.");
            }

            return (process.ExitCode, output.GetAwaiter().GetResult(), errors.GetAwaiter().GetResult());
        }
    }

    private string Text() =>
        $$"""
        #include <stddef.h>
        #include <stdio.h>
        #include <ngtcp2/ngtcp2.h>
        #if NGTCP2_VERSION_NUM < 0x010b00
        #error "headers are older"
        #endif
        #include <ngtcp2/ngtcp2_crypto.h>
        #include <ngtcp2/ngtcp2_crypto_gnutls.h>
        #include <gnutls/gnutls.h>
        #include <gnutls/crypto.h>
        int main(void) {
        {{_statements}}
          return 0;
        }
        """;
}
