using System.Globalization;
using Net.Ngtcp2.Interop;

namespace Net.UnitTests.Ngtcp2.Interop;

[TestClass]
public sealed class LayoutTests
{
    /// <summary>Structures that grow at their end: a header of a later version has more fields, which the version number keeps from us.</summary>
    private static readonly Dictionary<string, string> VersionOf = new()
    {
        ["ngtcp2_callbacks"] = nameof(Ngtcp2Native.NGTCP2_CALLBACKS_VERSION),
        ["ngtcp2_settings"] = nameof(Ngtcp2Native.NGTCP2_SETTINGS_VERSION),
        ["ngtcp2_transport_params"] = nameof(Ngtcp2Native.NGTCP2_TRANSPORT_PARAMS_VERSION),
        ["ngtcp2_conn_info"] = nameof(Ngtcp2Native.NGTCP2_CONN_INFO_VERSION),
        ["ngtcp2_pkt_info"] = nameof(Ngtcp2Native.NGTCP2_PKT_INFO_VERSION),
    };

    [TestMethod]
    public void Structures_AgainstTheCHeaders_HaveTheSameSizesAndOffsets()
    {
        var program = new CProgram();
        foreach (var type in ManagedLayout.Structures)
        {
            program.Ask(type.Name, $"sizeof({type.Name})");
            program.Ask($"align:{type.Name}", $"_Alignof({type.Name})");
            foreach (var field in ManagedLayout.Fields(type))
            {
                program.Ask($"{type.Name}.{field.Name}", $"offsetof({type.Name}, {field.Name})");
                program.Ask($"{type.Name}.{field.Name}:size", $"sizeof((({type.Name} *)0)->{field.Name})");
            }
        }

        AskVersions(program);
        var expected = program.Run();
        var differences = new List<string>();
        foreach (var type in ManagedLayout.Structures)
        {
            if (!IsNewer(type.Name, expected))
            {
                Compare(differences, expected, type.Name, ManagedLayout.SizeOf(type));
            }

            Compare(differences, expected, $"align:{type.Name}", ManagedLayout.AlignmentOf(type));
            foreach (var field in ManagedLayout.Fields(type))
            {
                Compare(differences, expected, $"{type.Name}.{field.Name}", ManagedLayout.OffsetOf(field));
                Compare(differences, expected, $"{type.Name}.{field.Name}:size", ManagedLayout.SizeOf(field.FieldType));
            }
        }

        Assert.IsEmpty(differences, string.Join('\n', differences));
        Assert.IsGreaterThan(20, ManagedLayout.Structures.Count, "the structures were not found");
    }

    [TestMethod]
    public void Constants_AgainstTheCHeaders_HaveTheSameValues()
    {
        var program = new CProgram();
        foreach (var (name, _) in ManagedLayout.Constants)
        {
            program.Ask(name, name);
        }

        foreach (var type in ManagedLayout.Enumerations)
        {
            program.Ask(type.Name, $"sizeof({type.Name})");
        }

        var expected = program.Run();
        var differences = new List<string>();
        foreach (var (name, value) in ManagedLayout.Constants)
        {
            if (VersionOf.ContainsValue(name))
            {
                Assert.IsGreaterThanOrEqualTo(value, expected[name], name);
            }
            else
            {
                Compare(differences, expected, name, value);
            }
        }

        foreach (var type in ManagedLayout.Enumerations)
        {
            Compare(differences, expected, type.Name, ManagedLayout.SizeOf(Enum.GetUnderlyingType(type)));
        }

        Assert.IsEmpty(differences, string.Join('\n', differences));
        Assert.IsGreaterThan(250, ManagedLayout.Constants.Count, "the constants were not found");
    }

    [TestMethod]
    public void Functions_AgainstTheCHeaders_TakeAndReturnTheSame()
    {
        var program = new CProgram();
        foreach (var function in ManagedLayout.Functions)
        {
            program.AskCall(function.Name, function.Name, function.GetParameters().Select(static parameter => parameter.ParameterType));
        }

        var expected = program.Run();
        var differences = new List<string>();
        foreach (var function in ManagedLayout.Functions)
        {
            Compare(differences, expected, function.Name, SizeOfResult(function.ReturnType));
        }

        Assert.IsEmpty(differences, string.Join('\n', differences));
        Assert.IsGreaterThan(150, ManagedLayout.Functions.Count, "the functions were not found");
    }

    [TestMethod]
    public void Callbacks_AgainstTheCHeaders_TakeAndReturnTheSame()
    {
        var callbacks = ManagedLayout.Structures
            .SelectMany(static type => ManagedLayout.Fields(type)).Where(static field => field.FieldType.IsFunctionPointer).ToArray();
        var program = new CProgram();
        foreach (var field in callbacks)
        {
            var owner = field.DeclaringType!.Name;
            program.AskCall($"{owner}.{field.Name}", $"(({owner} *)0)->{field.Name}", field.FieldType.GetFunctionPointerParameterTypes());
        }

        var expected = program.Run();
        var differences = new List<string>();
        foreach (var field in callbacks)
        {
            Compare(
                differences, expected, $"{field.DeclaringType!.Name}.{field.Name}",
                SizeOfResult(field.FieldType.GetFunctionPointerReturnType()));
        }

        Assert.IsEmpty(differences, string.Join('\n', differences));
        Assert.IsGreaterThan(40, callbacks.Length, "the callbacks were not found");
    }

    /// <summary>What the C compiler says on x86-64 and arm64 for ngtcp2 1.11 and GnuTLS 3.7; it holds without headers.</summary>
    [TestMethod]
    [DataRow(typeof(ngtcp2_cid), 32, 8)]
    [DataRow(typeof(ngtcp2_vec), 16, 8)]
    [DataRow(typeof(ngtcp2_pkt_info), 8, 8)]
    [DataRow(typeof(ngtcp2_pkt_hd), 112, 8)]
    [DataRow(typeof(ngtcp2_pkt_stateless_reset), 32, 8)]
    [DataRow(typeof(ngtcp2_sockaddr_in), 16, 4)]
    [DataRow(typeof(ngtcp2_sockaddr_in6), 28, 4)]
    [DataRow(typeof(ngtcp2_sockaddr_union), 28, 4)]
    [DataRow(typeof(ngtcp2_preferred_addr), 96, 8)]
    [DataRow(typeof(ngtcp2_version_info), 24, 8)]
    [DataRow(typeof(ngtcp2_transport_params), 344, 8)]
    [DataRow(typeof(ngtcp2_conn_info), 56, 8)]
    [DataRow(typeof(ngtcp2_settings), 184, 8)]
    [DataRow(typeof(ngtcp2_addr), 16, 8)]
    [DataRow(typeof(ngtcp2_path), 40, 8)]
    [DataRow(typeof(ngtcp2_path_storage), 96, 8)]
    [DataRow(typeof(ngtcp2_version_cid), 40, 8)]
    [DataRow(typeof(ngtcp2_callbacks), 320, 8)]
    [DataRow(typeof(ngtcp2_ccerr), 40, 8)]
    [DataRow(typeof(ngtcp2_cid_token), 160, 8)]
    [DataRow(typeof(ngtcp2_crypto_conn_ref), 16, 8)]
    [DataRow(typeof(ngtcp2_info), 16, 8)]
    [DataRow(typeof(ngtcp2_mem), 40, 8)]
    [DataRow(typeof(ngtcp2_rand_ctx), 8, 8)]
    [DataRow(typeof(gnutls_datum_t), 16, 8)]
    public void Structure_OnA64BitMachine_HasItsSize(Type type, int size, int alignment)
    {
        Assert.AreEqual(size, ManagedLayout.SizeOf(type));
        Assert.AreEqual(alignment, ManagedLayout.AlignmentOf(type));
    }

    [TestMethod]
    [DataRow(typeof(ngtcp2_cid), "data", 8)]
    [DataRow(typeof(ngtcp2_pkt_hd), "scid", 32)]
    [DataRow(typeof(ngtcp2_pkt_hd), "pkt_num", 64)]
    [DataRow(typeof(ngtcp2_pkt_hd), "token", 72)]
    [DataRow(typeof(ngtcp2_pkt_hd), "version", 104)]
    [DataRow(typeof(ngtcp2_pkt_hd), "flags", 109)]
    [DataRow(typeof(ngtcp2_preferred_addr), "ipv4", 32)]
    [DataRow(typeof(ngtcp2_preferred_addr), "ipv6", 48)]
    [DataRow(typeof(ngtcp2_preferred_addr), "ipv4_present", 76)]
    [DataRow(typeof(ngtcp2_preferred_addr), "stateless_reset_token", 78)]
    [DataRow(typeof(ngtcp2_transport_params), "preferred_addr", 0)]
    [DataRow(typeof(ngtcp2_transport_params), "original_dcid", 96)]
    [DataRow(typeof(ngtcp2_transport_params), "initial_max_stream_data_bidi_local", 192)]
    [DataRow(typeof(ngtcp2_transport_params), "max_idle_timeout", 240)]
    [DataRow(typeof(ngtcp2_transport_params), "max_datagram_frame_size", 280)]
    [DataRow(typeof(ngtcp2_transport_params), "stateless_reset_token_present", 288)]
    [DataRow(typeof(ngtcp2_transport_params), "stateless_reset_token", 294)]
    [DataRow(typeof(ngtcp2_transport_params), "grease_quic_bit", 310)]
    [DataRow(typeof(ngtcp2_transport_params), "version_info", 312)]
    [DataRow(typeof(ngtcp2_transport_params), "version_info_present", 336)]
    [DataRow(typeof(ngtcp2_settings), "cc_algo", 8)]
    [DataRow(typeof(ngtcp2_settings), "max_tx_udp_payload_size", 40)]
    [DataRow(typeof(ngtcp2_settings), "token_type", 64)]
    [DataRow(typeof(ngtcp2_settings), "max_window", 80)]
    [DataRow(typeof(ngtcp2_settings), "handshake_timeout", 112)]
    [DataRow(typeof(ngtcp2_settings), "original_version", 152)]
    [DataRow(typeof(ngtcp2_settings), "no_pmtud", 156)]
    [DataRow(typeof(ngtcp2_settings), "initial_pkt_num", 160)]
    [DataRow(typeof(ngtcp2_settings), "pmtud_probeslen", 176)]
    [DataRow(typeof(ngtcp2_path_storage), "local_addrbuf", 40)]
    [DataRow(typeof(ngtcp2_path_storage), "remote_addrbuf", 68)]
    [DataRow(typeof(ngtcp2_ccerr), "error_code", 8)]
    [DataRow(typeof(ngtcp2_ccerr), "reason", 24)]
    [DataRow(typeof(ngtcp2_callbacks), "client_initial", 0)]
    [DataRow(typeof(ngtcp2_callbacks), "recv_stream_data", 64)]
    [DataRow(typeof(ngtcp2_callbacks), "tls_early_data_rejected", 312)]
    public void Field_OnA64BitMachine_HasItsOffset(Type type, string field, int offset) =>
        Assert.AreEqual(offset, ManagedLayout.OffsetOf(type.GetField(field)!));

    // C gives sizeof(void) as 1.
    private static int SizeOfResult(Type type) => type == typeof(void) ? 1 : ManagedLayout.SizeOf(type);

    private static void AskVersions(CProgram program)
    {
        foreach (var version in VersionOf.Values)
        {
            program.Ask(version, version);
        }
    }

    private static bool IsNewer(string structure, Dictionary<string, long> expected) =>
        VersionOf.TryGetValue(structure, out var version)
        && expected[version] > ManagedLayout.Constants.Single(constant => constant.Name == version).Value;

    private static void Compare(List<string> differences, Dictionary<string, long> expected, string key, long actual)
    {
        if (expected[key] != actual)
        {
            differences.Add(string.Create(CultureInfo.InvariantCulture, $"{key}: C has {expected[key]}, C# has {actual}"));
        }
    }
}
