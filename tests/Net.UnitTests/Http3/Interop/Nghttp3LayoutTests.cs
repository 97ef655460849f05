using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using Net.Http3;
using Net.Http3.Interop;
using Net.UnitTests.Ngtcp2.Interop;

namespace Net.UnitTests.Http3.Interop;

[TestClass]
public sealed class Nghttp3LayoutTests
{
    private const string Packages = "'apt-get install gcc libc6-dev libnghttp3-dev' (on Debian 12 libnghttp3-dev/bookworm-backports)";

    private static readonly Type[] Structures = [typeof(nghttp3_vec), typeof(nghttp3_buf), typeof(nghttp3_nv), typeof(nghttp3_qpack_nv), typeof(nghttp3_info)];

    private static MethodInfo[] Functions => [.. typeof(Nghttp3Native).GetMethods(BindingFlags.Static | BindingFlags.NonPublic)
        .Where(static method => method.GetCustomAttribute<DllImportAttribute>() is not null)];

    private static FieldInfo[] Constants => [.. typeof(Nghttp3Native).GetFields(BindingFlags.Static | BindingFlags.NonPublic)
        .Where(static f => f.IsLiteral && f.FieldType != typeof(string))];

    /// <summary>What the C compiler says on x86-64 and arm64 for nghttp3 1.8; it holds without headers.</summary>
    [TestMethod]
    [DataRow(typeof(nghttp3_vec), 16)]
    [DataRow(typeof(nghttp3_buf), 32)]
    [DataRow(typeof(nghttp3_nv), 40)]
    [DataRow(typeof(nghttp3_qpack_nv), 24)]
    [DataRow(typeof(nghttp3_info), 16)]
    public void Structure_OnA64BitMachine_HasItsSize(Type type, int size) => Assert.AreEqual(size, ManagedLayout.SizeOf(type));

    [TestMethod]
    public void Declarations_AgainstTheCHeaders_HaveTheSameSizesOffsetsAndValues()
    {
        var expected = new Dictionary<string, long>();
        var text = new StringBuilder("#include <stdio.h>\n#include <stddef.h>\n#include <nghttp3/nghttp3.h>\nint main(void) {\n");
        void Ask(string expression, long value)
        {
            expected[expression] = value;
            text.Append(CultureInfo.InvariantCulture, $"  printf(\"%lld {expression}\\n\", (long long)({expression}));\n");
        }

        foreach (Type type in Structures)
        {
            Ask($"sizeof({type.Name})", ManagedLayout.SizeOf(type));
            foreach (FieldInfo field in ManagedLayout.Fields(type))
            {
                Ask($"offsetof({type.Name}, {field.Name})", ManagedLayout.OffsetOf(field));
                Ask($"sizeof((({type.Name} *)0)->{field.Name})", ManagedLayout.SizeOf(field.FieldType));
            }
        }

        foreach (FieldInfo constant in Constants)
        {
            Ask(constant.Name, Convert.ToInt64(constant.GetRawConstantValue(), CultureInfo.InvariantCulture));
        }

        foreach (MethodInfo function in Functions)
        {
            string arguments = string.Join(", ", function.GetParameters().Select(static p => $"*({CType(p.ParameterType)} *)0"));
            Ask($"sizeof({function.Name}({arguments}))", function.ReturnType == typeof(void) ? 1 : ManagedLayout.SizeOf(function.ReturnType));
        }

        string[] lines = Run(text.Append("  return 0;\n}\n").ToString()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Dictionary<string, long> actual = lines.ToDictionary(
            static line => line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..], static line => long.Parse(line.Split(' ')[0], CultureInfo.InvariantCulture));
        string[] differences = [.. expected.Where(e => actual[e.Key] != e.Value).Select(e => $"{e.Key}: C has {actual[e.Key]}, C# has {e.Value}")];
        Assert.IsEmpty(differences, string.Join('\n', differences));
        Assert.IsGreaterThan(20, Functions.Length, "the functions were not found");
        Assert.IsGreaterThan(10, Constants.Length, "the constants were not found");
    }

    [TestMethod]
    public void Functions_InTheLoadedLibrary_AreAllExported()
    {
        if (!Http3Connection.Support.IsSupported)
        {
            NativeRequirement.Missing(Http3Connection.Support.Reason!);
        }

        (EngineSupport support, nint handle) = Nghttp3Library.Load(null);
        Assert.IsTrue(support.IsSupported);
        Assert.IsGreaterThanOrEqualTo(Nghttp3Library.MinimumVersion, support.Version!);
        string[] missing = [.. Functions.Select(static f => f.Name).Where(name => !NativeLibrary.TryGetExport(handle, name, out _))];
        Assert.AreEqual("", string.Join(' ', missing));
    }

    [TestMethod]
    public void Load_WhereThereIsNoLibrary_SaysWhyAndWhatToInstall()
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("net-http3-");
        try
        {
            (EngineSupport absent, nint handle) = Nghttp3Library.Load(directory.FullName);
            Assert.IsFalse(absent.IsSupported);
            Assert.AreEqual(0, handle);
            StringAssert.Contains(absent.Reason, Nghttp3Native.Library, StringComparison.Ordinal);
            StringAssert.Contains(absent.Reason, "apt-get install libnghttp3-9", StringComparison.Ordinal);

            File.WriteAllText(Path.Combine(directory.FullName, Nghttp3Native.Library), "no library");
            (EngineSupport broken, _) = Nghttp3Library.Load(directory.FullName);
            Assert.IsFalse(broken.IsSupported);
            StringAssert.Contains(broken.Reason, "could not be loaded", StringComparison.Ordinal);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static string CType(Type type) =>
        type.IsPointer ? CType(type.GetElementType()!) + " *"
        : type == typeof(byte) ? "uint8_t"
        : type == typeof(int) ? "int"
        : type == typeof(long) ? "int64_t"
        : type == typeof(nuint) ? "size_t"
        : type.Name;

    private static string Run(string source)
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("net-http3-");
        try
        {
            string file = Path.Combine(directory.FullName, "layout.c");
            string program = Path.Combine(directory.FullName, "layout");
            File.WriteAllText(file, source);
            (int exitCode, string output) = Start("cc", "-std=gnu11", "-Werror=incompatible-pointer-types", "-Werror=int-conversion", "-o", program, file);
            if (exitCode != 0 && output.Contains("No such file or directory", StringComparison.Ordinal))
            {
                NativeRequirement.Missing($"The C headers are missing: {Packages}. {output}");
            }

            Assert.AreEqual(0, exitCode, $"What C# declares is not what the C headers have:\n{output}");
            (exitCode, output) = Start(program);
            Assert.AreEqual(0, exitCode, output);
            return output;
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static (int ExitCode, string Output) Start(string program, params string[] arguments)
    {
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
            Task<string> errors = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            Assert.IsTrue(process.WaitForExit(TimeSpan.FromSeconds(30)), $"{program} did not end.");
            return (process.ExitCode, output + errors.GetAwaiter().GetResult());
        }
    }
}
