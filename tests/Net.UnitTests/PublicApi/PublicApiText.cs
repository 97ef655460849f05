using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Net.UnitTests.PublicApi;

/// <summary>Writes what other assemblies can use of an assembly: one line for each type and member, in a fixed order.</summary>
internal static class PublicApiText
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    /// <summary>Writes all lines.</summary>
    public static IReadOnlyList<string> Of(Assembly assembly) =>
        [.. assembly.GetTypes().Where(IsVisible).OrderBy(TypeText.NameOf, StringComparer.Ordinal).SelectMany(OfType)];

    private static IEnumerable<string> OfType(Type type)
    {
        string name = TypeText.NameOf(type);
        yield return $"{Kind(type)} {name}{Bases(type)}";
        if (typeof(Delegate).IsAssignableFrom(type))
        {
            MethodInfo invoke = type.GetMethod("Invoke")!;
            yield return $"  {Result(invoke)} Invoke({Parameters(invoke)})";
            yield break;
        }

        IEnumerable<string> lines = type.IsEnum
            ? type.GetFields(BindingFlags.Public | BindingFlags.Static).Select(f => $"{f.Name} = {Convert.ToInt64(f.GetRawConstantValue(), CultureInfo.InvariantCulture)}")
            : Members(type).Order(StringComparer.Ordinal);
        foreach (string line in lines)
        {
            yield return "  " + line;
        }
    }

    private static IEnumerable<string> Members(Type type)
    {
        foreach (FieldInfo field in type.GetFields(Declared).Where(f => IsVisible(f) && !f.IsSpecialName))
        {
            yield return $"{Access(field)}{Modifiers(field)}{TypeText.Of(field.FieldType, Nullability(field), true)} {field.Name}{Constant(field)}";
        }

        foreach (ConstructorInfo constructor in type.GetConstructors(Declared).Where(c => IsVisible(c) && !IsGenerated(c) && !c.IsStatic))
        {
            yield return $"{Access(constructor)}new({Parameters(constructor)})";
        }

        foreach (PropertyInfo property in type.GetProperties(Declared))
        {
            MethodInfo?[] accessors = [property.GetMethod, property.SetMethod];
            if (accessors.FirstOrDefault(a => a is not null && IsVisible(a)) is { } accessor && property.Name != "EqualityContract")
            {
                string required = property.IsDefined(typeof(RequiredMemberAttribute)) ? "required " : "";
                string index = property.GetIndexParameters().Length == 0 ? property.Name : $"this[{Parameters(property.GetMethod!)}]";
                yield return $"{Access(accessor)}{required}{Modifiers(accessor)}{TypeText.Of(property.PropertyType, Nullability(property), property.CanRead)} {index} {{ {Accessors(property)}}}";
            }
        }

        foreach (EventInfo raised in type.GetEvents(Declared).Where(e => IsVisible(e.AddMethod!)))
        {
            yield return $"{Access(raised.AddMethod!)}{Modifiers(raised.AddMethod!)}event {TypeText.Of(raised.EventHandlerType!)} {raised.Name}";
        }

        foreach (MethodInfo method in type.GetMethods(Declared).Where(m => IsVisible(m) && !IsGenerated(m) && (!m.IsSpecialName || m.Name.StartsWith("op_", StringComparison.Ordinal))))
        {
            string generic = method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(a => a.Name))}>" : "";
            yield return $"{Access(method)}{Modifiers(method)}{Result(method)} {method.Name}{generic}({Parameters(method)})";
        }
    }

    private static string Kind(Type type)
    {
        bool isRecord = type.GetMethod("<Clone>$") is not null || type.GetMethods(Declared).Any(m => m.Name == "PrintMembers");
        string kind = typeof(Delegate).IsAssignableFrom(type) ? "delegate"
            : type.IsEnum ? "enum"
            : type.IsInterface ? "interface"
            : type.IsValueType ? $"{(type.IsDefined(typeof(IsReadOnlyAttribute)) ? "readonly " : "")}{(type.IsByRefLike ? "ref " : "")}{(isRecord ? "record " : "")}struct"
            : isRecord ? "record" : "class";
        string modifier = type is { IsAbstract: true, IsSealed: true } ? "static "
            : type.IsInterface || type.IsValueType || kind == "delegate" ? ""
            : type.IsAbstract ? "abstract " : type.IsSealed ? "sealed " : "";
        return modifier + kind;
    }

    private static string Bases(Type type)
    {
        if (type.IsEnum)
        {
            string flags = type.IsDefined(typeof(FlagsAttribute)) ? " [Flags]" : "";
            return Enum.GetUnderlyingType(type) == typeof(int) ? flags : $" : {TypeText.Of(Enum.GetUnderlyingType(type))}{flags}";
        }

        if (typeof(Delegate).IsAssignableFrom(type))
        {
            return "";
        }

        // Only interfaces that the type itself adds; IEquatable comes with every record.
        Type[] inherited = type.BaseType?.GetInterfaces() ?? [];
        IEnumerable<Type> added = type.GetInterfaces().Where(i => IsVisible(i) && !inherited.Contains(i) && !(i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IEquatable<>)));
        IEnumerable<Type> bases = type.BaseType is { } b && b != typeof(object) && b != typeof(ValueType) ? added.Prepend(b) : added;
        string text = string.Join(", ", bases.Select(TypeText.Of).Order(StringComparer.Ordinal));
        return text.Length == 0 ? "" : " : " + text;
    }

    private static string Result(MethodInfo method)
    {
        string reference = method.ReturnType.IsByRef ? (method.ReturnParameter.IsDefined(typeof(IsReadOnlyAttribute)) ? "ref readonly " : "ref ") : "";
        return reference + TypeText.Of(method.ReturnType, Nullability(method.ReturnParameter), true);
    }

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Where(p => p.Name != "value" || method is not MethodInfo { IsSpecialName: true }).Select(p =>
    {
        string extension = p.Position == 0 && method.IsDefined(typeof(ExtensionAttribute)) ? "this " : "";
        string passing = p.IsOut ? "out " : p.ParameterType.IsByRef ? (p.IsIn ? "in " : "ref ") : p.IsDefined(typeof(ParamArrayAttribute)) ? "params " : "";
        string optional = p.HasDefaultValue ? $" = {Literal(p.RawDefaultValue, p.ParameterType)}" : "";
        return $"{extension}{passing}{TypeText.Of(p.ParameterType, Nullability(p), p.IsOut)} {p.Name}{optional}";
    }));

    private static string Accessors(PropertyInfo property)
    {
        string get = property.GetMethod is { } getter && IsVisible(getter) ? "get; " : "";
        bool isInit = property.SetMethod?.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) == true;
        string set = property.SetMethod is { } setter && IsVisible(setter) ? (isInit ? "init; " : "set; ") : "";
        return get + set;
    }

    private static string Access(MemberInfo member) => member switch
    {
        MethodBase { IsPublic: true } or FieldInfo { IsPublic: true } => "",
        _ => "protected ",
    };

    private static string Modifiers(FieldInfo field) =>
        field.IsLiteral ? "const " : (field.IsStatic ? "static " : "") + (field.IsInitOnly ? "readonly " : "");

    private static string Modifiers(MethodInfo method)
    {
        if (method.IsStatic)
        {
            return "static ";
        }

        if (!method.IsVirtual || method.DeclaringType!.IsInterface || method.DeclaringType.IsValueType)
        {
            return "";
        }

        bool isOverride = method.GetBaseDefinition().DeclaringType != method.DeclaringType;
        return (method.IsFinal || method.DeclaringType.IsSealed) && !isOverride ? ""
            : (method.IsAbstract ? "abstract " : isOverride ? "" : "virtual ") + (isOverride ? "override " : "");
    }

    private static string Constant(FieldInfo field) => field.IsLiteral ? $" = {Literal(field.GetRawConstantValue(), field.FieldType)}" : "";

    private static string Literal(object? value, Type type) => value switch
    {
        null => type.IsValueType && Nullable.GetUnderlyingType(type) is null ? "default" : "null",
        string text => $"\"{text}\"",
        bool flag => flag ? "true" : "false",
        _ when type.IsEnum => $"{type.Name}.{Enum.ToObject(type, value)}",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static bool IsVisible(Type type) => type.IsNested
        ? (type.IsNestedPublic || type.IsNestedFamily || type.IsNestedFamORAssem) && IsVisible(type.DeclaringType!)
        : type.IsPublic;

    private static bool IsVisible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static bool IsVisible(FieldInfo field) => field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly;

    private static bool IsGenerated(MethodBase method) => method.IsDefined(typeof(CompilerGeneratedAttribute)) || method.Name.Contains('<', StringComparison.Ordinal);

    private static NullabilityInfo Nullability(ParameterInfo parameter) => new NullabilityInfoContext().Create(parameter);

    private static NullabilityInfo Nullability(PropertyInfo property) => new NullabilityInfoContext().Create(property);

    private static NullabilityInfo Nullability(FieldInfo field) => new NullabilityInfoContext().Create(field);
}
