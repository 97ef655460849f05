using System.Reflection;

namespace Net.UnitTests.PublicApi;

/// <summary>Writes types the way C# does, with what is known of null.</summary>
internal static class TypeText
{
    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void", [typeof(object)] = "object", [typeof(string)] = "string", [typeof(bool)] = "bool", [typeof(char)] = "char",
        [typeof(byte)] = "byte", [typeof(sbyte)] = "sbyte", [typeof(short)] = "short", [typeof(ushort)] = "ushort", [typeof(int)] = "int",
        [typeof(uint)] = "uint", [typeof(long)] = "long", [typeof(ulong)] = "ulong", [typeof(float)] = "float", [typeof(double)] = "double",
        [typeof(decimal)] = "decimal", [typeof(nint)] = "nint", [typeof(nuint)] = "nuint",
    };

    /// <summary>Writes a type without anything about null.</summary>
    public static string Of(Type type) => Write(type, null, isRead: true);

    /// <summary>Writes a type with what the compiler knows of null.</summary>
    /// <param name="type">The type.</param>
    /// <param name="nullability">What is known.</param>
    /// <param name="isRead">Whether the value comes out (a result) or goes in (a parameter).</param>
    public static string Of(Type type, NullabilityInfo nullability, bool isRead) => Write(type, nullability, isRead);

    /// <summary>The full name without namespace-global noise: nested types with a dot, generic parameters in angle brackets.</summary>
    public static string NameOf(Type type)
    {
        string own = type.Name.Split('`')[0];
        Type[] parameters = type.GetGenericArguments();
        int inherited = type.DeclaringType?.GetGenericArguments().Length ?? 0;
        string generic = parameters.Length > inherited ? $"<{string.Join(", ", parameters[inherited..].Select(p => p.Name))}>" : "";
        return type.DeclaringType is { } outer ? $"{NameOf(outer)}.{own}{generic}" : $"{type.Namespace}.{own}{generic}";
    }

    private static string Write(Type type, NullabilityInfo? nullability, bool isRead)
    {
        if (type.IsByRef)
        {
            return Write(type.GetElementType()!, nullability, isRead);
        }

        if (Nullable.GetUnderlyingType(type) is { } underlying)
        {
            return Write(underlying, null, isRead) + "?";
        }

        string text = type switch
        {
            _ when Keywords.TryGetValue(type, out string? keyword) => keyword,
            { IsArray: true } => $"{Write(type.GetElementType()!, nullability?.ElementType, isRead)}[{new string(',', type.GetArrayRank() - 1)}]",
            { IsPointer: true } => Write(type.GetElementType()!, null, isRead) + "*",
            { IsGenericParameter: true } => type.Name,
            { IsGenericType: true } => WriteGeneric(type, nullability, isRead),
            _ => ShortName(type),
        };
        NullabilityState? state = isRead ? nullability?.ReadState : nullability?.WriteState;
        return !type.IsValueType && state == NullabilityState.Nullable ? text + "?" : text;
    }

    private static string WriteGeneric(Type type, NullabilityInfo? nullability, bool isRead)
    {
        Type[] arguments = type.GetGenericArguments();
        IEnumerable<string> written = arguments.Select((argument, i) =>
            Write(argument, nullability is { } n && n.GenericTypeArguments.Length == arguments.Length ? n.GenericTypeArguments[i] : null, isRead));
        return $"{ShortName(type).Split('`')[0]}<{string.Join(", ", written)}>";
    }

    // Our own types stand with their namespace only where it is not the plain one; those of the framework by name, which are known well enough.
    private static string ShortName(Type type) =>
        type.DeclaringType is { } outer && !type.IsGenericParameter ? $"{ShortName(outer).Split('`')[0]}.{type.Name}" : type.Name;
}
