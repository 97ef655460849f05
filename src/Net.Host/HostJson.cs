using System.Text.Json.Serialization;
using Net.Hosting.Admin;
using Net.Hosting.Asking;
using Net.Hosting.Benchmarking;
using Net.Hosting.Certificates;
using Net.Hosting.CommandLine;
using Net.Hosting.Echoing;
using Net.Hosting.Pages;
using Net.Hosting.Serving;
using Net.Hosting.Signing;
using Net.Security;

namespace Net.Hosting;

/// <summary>JSON of the commands, made at build time so that it works without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ReadyReport))]
[JsonSerializable(typeof(EchoReport))]
[JsonSerializable(typeof(BenchReport))]
[JsonSerializable(typeof(VersionReport))]
[JsonSerializable(typeof(StatusReport))]
[JsonSerializable(typeof(HealthReport))]
[JsonSerializable(typeof(SignReport))]
[JsonSerializable(typeof(IReadOnlyList<AskReport>))]
[JsonSerializable(typeof(HealthAnswer))]
[JsonSerializable(typeof(IReadOnlyList<CertificateReport>))]
[JsonSerializable(typeof(CertificateCheckReport))]
[JsonSerializable(typeof(AuditVerification))]
internal sealed partial class HostJson : JsonSerializerContext;
