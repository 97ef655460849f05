using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Net.Ngtcp2.Interop;

namespace Net.UnitTests.Ngtcp2.Interop;

/// <summary>Sizes, offsets and values as the runtime has them, for every declaration that carries a C name.</summary>
internal static class ManagedLayout
{
    /// <summary>Every structure with fields that is named after one of C.</summary>
    internal static IReadOnlyList<Type> Structures { get; } =
    [
        .. typeof(Ngtcp2Native).Assembly.GetTypes()
            .Where(static type => IsNamedAfterC(type) && type.IsValueType && !type.IsEnum && Fields(type).Any())
            .OrderBy(static type => type.Name, StringComparer.Ordinal),
    ];

    /// <summary>Every enumeration that is named after one of C.</summary>
    internal static IReadOnlyList<Type> Enumerations { get; } =
    [
        .. typeof(Ngtcp2Native).Assembly.GetTypes().Where(static type => IsNamedAfterC(type) && type.IsEnum)
            .OrderBy(static type => type.Name, StringComparer.Ordinal),
    ];

    /// <summary>Every constant and enumeration member that is named after one of C, with its value as 64 bits.</summary>
    internal static IReadOnlyList<(string Name, long Value)> Constants { get; } =
    [
        .. new[] { typeof(Ngtcp2Native), typeof(GnuTlsNative) }
            .SelectMany(static type => type.GetFields(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public))
            .Concat(Enumerations.SelectMany(static type => type.GetFields(BindingFlags.Static | BindingFlags.Public)))
            .Where(static field => field.IsLiteral)
            .Select(static field => (field.Name, ToInt64(field.GetRawConstantValue()!))),
    ];

    /// <summary>The fields that C has too; padding of ours is private.</summary>
    internal static IEnumerable<FieldInfo> Fields(Type type) => type.GetFields(BindingFlags.Instance | BindingFlags.Public);

    /// <summary>Every function of the libraries, as it is called.</summary>
    internal static IReadOnlyList<MethodInfo> Functions { get; } =
    [
        .. new[] { typeof(Ngtcp2Native), typeof(GnuTlsNative) }
            .SelectMany(static type => type.GetMethods(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public))
            .Where(static method => method.GetCustomAttribute<DllImportAttribute>() is not null),
    ];

    /// <summary>Whether only the libraries know the content of a type.</summary>
    internal static bool IsOpaque(Type type) => type.IsValueType && !type.IsEnum && !type.IsPrimitive && !Fields(type).Any();

    /// <summary>Size in bytes.</summary>
    internal static int SizeOf(Type type)
    {
        var method = new DynamicMethod("SizeOf", typeof(int), null, typeof(ManagedLayout).Module, skipVisibility: true);
        var code = method.GetILGenerator();
        code.Emit(OpCodes.Sizeof, type);
        code.Emit(OpCodes.Ret);
        return method.CreateDelegate<Func<int>>()();
    }

    /// <summary>Distance of a field from the start of its structure in bytes.</summary>
    internal static int OffsetOf(FieldInfo field)
    {
        var method = new DynamicMethod("OffsetOf", typeof(nint), [typeof(nint)], typeof(ManagedLayout).Module, skipVisibility: true);
        var code = method.GetILGenerator();
        code.Emit(OpCodes.Ldarg_0);
        code.Emit(OpCodes.Ldflda, field);
        code.Emit(OpCodes.Conv_I);
        code.Emit(OpCodes.Ldarg_0);
        code.Emit(OpCodes.Sub);
        code.Emit(OpCodes.Ret);
        var block = new byte[16];
        return (int)method.CreateDelegate<Func<nint, nint>>()(AddressOf(block));
    }

    /// <summary>Alignment in bytes: where a structure goes that follows a single byte.</summary>
    internal static int AlignmentOf(Type type) => OffsetOf(typeof(AfterOneByte<>).MakeGenericType(type).GetField("Value")!);

    // Only its address is used, as the base of a subtraction; nothing is read or written through it.
    private static unsafe nint AddressOf(byte[] block) => (nint)Unsafe.AsPointer(ref block[0]);

    private static bool IsNamedAfterC(Type type) =>
        type.Name.StartsWith("ngtcp2_", StringComparison.Ordinal) || type.Name.StartsWith("gnutls_", StringComparison.Ordinal);

    private static long ToInt64(object value) => value is ulong unsigned ? unchecked((long)unsigned) : Convert.ToInt64(value, null);

#pragma warning disable CS0649 // Only its layout is looked at; no value of it exists.
    private struct AfterOneByte<T>
    {
        public byte First;
        public T Value;
    }
#pragma warning restore CS0649
}
