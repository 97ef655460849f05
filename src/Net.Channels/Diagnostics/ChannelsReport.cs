using System.Text.Json;
using Net.Client;

namespace Net.Channels;

/// <summary>What the channels of this process are at one moment, as a JSON document that <c>net top</c> shows live.</summary>
/// <remarks>
/// <para>A program serves it under the path <see cref="Path"/> of the address where operators reach it, which should be this machine alone, as the document names end points and says why calls fail:
/// with ASP.NET Core <c>app.MapGet(ChannelsReport.Path, () =&gt; Results.Bytes(ChannelsReport.ToJson(), ChannelsReport.ContentType))</c>. Then <c>net top http://127.0.0.1:9090</c> shows it.</para>
/// <para>Names are those of <see cref="ChannelSnapshot"/> in camel case, times are ISO 8601, lengths of time are milliseconds, and what is not known is left out. Readers ignore what they do not know.</para>
/// </remarks>
public static class ChannelsReport
{
    /// <summary>Where <c>net top</c> asks for it.</summary>
    public const string Path = "/channels";

    /// <summary>The type of the document.</summary>
    public const string ContentType = "application/json";

    /// <summary>Writes what all channels of this process are now.</summary>
    /// <returns>UTF-8.</returns>
    public static byte[] ToJson() => ToJson(ClientDiagnostics.GetSnapshots());

    /// <summary>Writes what some channels were.</summary>
    /// <param name="channels">Their snapshots.</param>
    /// <returns>UTF-8.</returns>
    public static byte[] ToJson(IEnumerable<ChannelSnapshot> channels)
    {
        ArgumentNullException.ThrowIfNull(channels);
        return JsonSerializer.SerializeToUtf8Bytes(ChannelsDocument.From(channels), ChannelsJson.Default.ChannelsDocument);
    }
}
