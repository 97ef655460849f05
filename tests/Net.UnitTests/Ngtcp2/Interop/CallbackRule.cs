using System.Buffers.Binary;
using System.Reflection;
using System.Reflection.Emit;

namespace Net.UnitTests.Ngtcp2.Interop;

/// <summary>Reads off a compiled method whether an exception can leave it.</summary>
/// <remarks>
/// It cannot when one clause that catches every exception spans all of its code, but for setting variables before and giving back the result behind, and when the handler itself only
/// calls methods for which the same holds, or ends the process with a message.
/// </remarks>
internal static class CallbackRule
{
    private static readonly Dictionary<short, OpCode> OpCodesByValue = typeof(OpCodes).GetFields(BindingFlags.Static | BindingFlags.Public)
        .Select(static f => (OpCode)f.GetValue(null)!).ToDictionary(static o => o.Value);

    // What may stand outside: loads and stores of constants, arguments and variables, jumps, the end.
    private static readonly HashSet<string> Harmless =
    [
        "nop", "ret", "ldnull", "br", "br.s", "ldc.i4", "ldc.i4.s", "ldc.i4.m1", "ldc.i4.0", "ldc.i4.1", "conv.u", "conv.i",
        "ldarg.0", "ldarg.1", "ldarg.2", "ldarg.3", "ldarg.s", "ldloc.0", "ldloc.1", "ldloc.2", "ldloc.3", "ldloc.s", "stloc.0", "stloc.1", "stloc.2", "stloc.3", "stloc.s",
    ];

    /// <summary>What lets an exception out of a method; <c>null</c> when nothing does.</summary>
    internal static string? FindFault(MethodBase method)
    {
        MethodBody body = method.GetMethodBody()!;
        byte[] code = body.GetILAsByteArray()!;
        ExceptionHandlingClause[] covering = [.. body.ExceptionHandlingClauses.Where(static c =>
            c.Flags == ExceptionHandlingClauseOptions.Clause && (c.CatchType == typeof(Exception) || c.CatchType == typeof(object)))];

        // Clauses inside others come first (ECMA-335, II.19): the last one is the outermost.
        if (covering.Length == 0)
        {
            return "it has no catch for all exceptions";
        }

        ExceptionHandlingClause outermost = covering[^1];
        int handlerEnd = outermost.HandlerOffset + outermost.HandlerLength;
        foreach ((int offset, OpCode opCode, int operand) in Read(code))
        {
            bool isInside = offset >= outermost.TryOffset && offset < outermost.TryOffset + outermost.TryLength;
            bool isHandler = offset >= outermost.HandlerOffset && offset < handlerEnd;
            if (!isInside && !isHandler && !Harmless.Contains(opCode.Name!))
            {
                return $"it does {opCode.Name} outside of its try block";
            }

            if (isHandler && FindHandlerFault(method, opCode, operand) is { } fault)
            {
                return $"{fault} in its handler";
            }
        }

        return null;
    }

    private static string? FindHandlerFault(MethodBase method, OpCode opCode, int operand)
    {
        if (opCode == OpCodes.Throw || opCode == OpCodes.Rethrow)
        {
            return "it throws";
        }

        if (opCode.FlowControl != FlowControl.Call)
        {
            return null;
        }

        MethodBase called = method.Module.ResolveMethod(operand, method.DeclaringType!.GetGenericArguments(), [])!;
        return called.Name == nameof(Environment.FailFast) || CannotThrow(called) ? null
            : called.Module != method.Module ? $"it calls {called.DeclaringType}.{called.Name}"
            : FindFault(called) is { } fault ? $"it calls {called.Name}, where {fault}," : null;
    }

    // Wiping memory that the caller gave.
    private static bool CannotThrow(MethodBase called) => called.DeclaringType is { IsGenericType: true } type && type.GetGenericTypeDefinition() == typeof(Span<>);

    private static IEnumerable<(int Offset, OpCode OpCode, int Operand)> Read(byte[] code)
    {
        for (int at = 0; at < code.Length;)
        {
            int offset = at;
            short value = code[at++];
            if (value == 0xfe)
            {
                value = unchecked((short)(0xfe00 | code[at++]));
            }

            OpCode opCode = OpCodesByValue[value];
            int operand = opCode.OperandType is OperandType.InlineMethod ? BinaryPrimitives.ReadInt32LittleEndian(code.AsSpan(at)) : 0;
            at += opCode.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + (4 * BinaryPrimitives.ReadInt32LittleEndian(code.AsSpan(at))),
                _ => 4,
            };
            yield return (offset, opCode, operand);
        }
    }
}
