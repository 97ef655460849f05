using System.Text;
using Net.Chaos.Proxy;

namespace Net.Chaos.Api;

/// <summary>An answer of the API.</summary>
internal readonly record struct ApiAnswer(int Status, string? ContentType, byte[] Body)
{
    private const string Json = "application/json";
    private const string Text = "text/plain; charset=utf-8";

    /// <summary>204, without a body.</summary>
    internal static ApiAnswer Nothing { get; } = new(204, null, []);

    /// <summary>405, without a body.</summary>
    internal static ApiAnswer WrongMethod { get; } = new(405, null, []);

    internal static ApiAnswer NotFound { get; } = Plain(404, "404 page not found");

    internal static ApiAnswer OfJson(byte[] body, int status = 200, string contentType = Json) => new(status, contentType, body);

    internal static ApiAnswer Plain(int status, string text) => new(status, Text, Encoding.UTF8.GetBytes(text + "\n"));

    /// <summary>An error as toxiproxy sends it: JSON, and a line end, as plain text.</summary>
    internal static ApiAnswer OfError(ChaosException exception)
    {
        byte[] body = ApiJson.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("error", exception.Message);
            writer.WriteNumber("status", (int)exception.Error);
            writer.WriteEndObject();
        });
        return new((int)exception.Error, Text, [.. body, (byte)'\n']);
    }
}
