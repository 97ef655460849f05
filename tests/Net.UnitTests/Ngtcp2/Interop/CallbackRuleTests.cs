using System.Reflection;
using System.Runtime.InteropServices;
using Net.Http3;
using Net.Ngtcp2;

namespace Net.UnitTests.Ngtcp2.Interop;

/// <summary>What native code calls lets no exception out: it would end the process. The rule is read off the compiled methods, so that nobody can forget it.</summary>
[TestClass]
public sealed class CallbackRuleTests
{
    [TestMethod]
    public void Methods_CalledByNativeCode_CatchEverything()
    {
        MethodInfo[] callbacks = [.. CallbacksOf(typeof(Ngtcp2Engine).Assembly), .. CallbacksOf(typeof(Http3Connection).Assembly)];
        Assert.IsGreaterThan(25, callbacks.Length, "The callbacks of the engine were not found.");
        string[] faults = [.. callbacks.Select(static c => (Method: c, Fault: CallbackRule.FindFault(c))).Where(static c => c.Fault is not null)
            .Select(static c => $"{c.Method.DeclaringType!.Name}.{c.Method.Name}: {c.Fault}")];
        Assert.IsEmpty(faults, string.Join(Environment.NewLine, faults));
    }

    [TestMethod]
    [DataRow(nameof(Samples.Covered), null)]
    [DataRow(nameof(Samples.CoveredBehindANull), null)]
    [DataRow(nameof(Samples.CoveredWithAHelper), null)]
    [DataRow(nameof(Samples.Bare), "no catch")]
    [DataRow(nameof(Samples.CallsBefore), "outside")]
    [DataRow(nameof(Samples.ReadsBefore), "outside")]
    [DataRow(nameof(Samples.CallsAfter), "outside")]
    [DataRow(nameof(Samples.CatchesSome), "no catch")]
    [DataRow(nameof(Samples.CatchesWhenItLikes), "no catch")]
    [DataRow(nameof(Samples.OnlyCleansUp), "no catch")]
    [DataRow(nameof(Samples.ThrowsAgain), "in its handler")]
    [DataRow(nameof(Samples.FailsWhileHandling), "in its handler")]
    public void FindFault_OfSamples_TellsThemApart(string name, string? expected)
    {
        string? fault = CallbackRule.FindFault(typeof(Samples).GetMethod(name, BindingFlags.Static | BindingFlags.NonPublic)!);
        if (expected is null)
        {
            Assert.IsNull(fault);
        }
        else
        {
            Assert.Contains(expected, fault ?? "nothing");
        }
    }

    private static IEnumerable<MethodInfo> CallbacksOf(Assembly assembly) => assembly.GetTypes()
        .SelectMany(static t => t.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
        .Where(static m => m.IsDefined(typeof(UnmanagedCallersOnlyAttribute), inherit: false));

    private static class Samples
    {
        private static readonly Dictionary<int, int> Table = [];

        internal static int Covered(int key)
        {
            try
            {
                return Table[key];
            }
            catch
            {
                return -1;
            }
        }

        internal static int CoveredBehindANull(int key)
        {
            string? text = null;
            try
            {
                text = key.ToString(System.Globalization.CultureInfo.InvariantCulture);
                return Table[text.Length];
            }
            catch (Exception exception)
            {
                return Handle(text, exception);
            }
        }

        internal static int CoveredWithAHelper(int key)
        {
            try
            {
                Table.Clear();
            }
            catch (Exception exception)
            {
                Environment.FailFast("It is over.", exception);
            }

            return key;
        }

        internal static int Bare(int key) => Table[key];

        internal static int CallsBefore(int key)
        {
            int value = Table[key];
            try
            {
                return Table[value];
            }
            catch
            {
                return -1;
            }
        }

        internal static int ReadsBefore(string text)
        {
            char first = text[0];
            try
            {
                return Table[first];
            }
            catch
            {
                return -1;
            }
        }

        internal static int CallsAfter(int key)
        {
            try
            {
                Table.Clear();
            }
            catch
            {
                return -1;
            }

            return Table[key];
        }

        internal static int CatchesSome(int key)
        {
            try
            {
                return Table[key];
            }
            catch (KeyNotFoundException)
            {
                return -1;
            }
        }

        internal static int CatchesWhenItLikes(int key)
        {
            try
            {
                return Table[key];
            }
            catch (Exception) when (key > 0)
            {
                return -1;
            }
        }

        internal static int OnlyCleansUp(int key)
        {
            try
            {
                return Table[key];
            }
            finally
            {
                Table.Clear();
            }
        }

        internal static int ThrowsAgain(int key)
        {
            try
            {
                return Table[key];
            }
            catch (Exception)
            {
                if (key == 0)
                {
                    throw;
                }

                return -1;
            }
        }

        internal static int FailsWhileHandling(int key)
        {
            try
            {
                return Table[key];
            }
            catch (Exception exception)
            {
                return exception.Message.Length;
            }
        }

        private static int Handle(string? text, Exception exception)
        {
            try
            {
                return text is null ? exception.Message.Length : -1;
            }
            catch
            {
                return -1;
            }
        }
    }
}
