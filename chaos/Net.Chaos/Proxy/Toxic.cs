using System.Text.Json;

namespace Net.Chaos.Proxy;

/// <summary>A toxic of a proxy as it stands. Immutable but for its counters; an update makes another one that counts on.</summary>
public sealed class Toxic
{
    private readonly ToxicType _type;

    internal Toxic(ToxicType type, string name, ToxicStream stream, float toxicity, ToxicAttributes attributes, TimeSpan addedAt)
    {
        _type = type;
        Name = name;
        Stream = stream;
        Toxicity = toxicity;
        Attributes = attributes;
        AddedAt = addedAt;
        Schedule = ToxicType.ReadSchedule(attributes);
        if (toxicity is not (>= 0 and <= 1))
        {
            throw ChaosException.BadBody("toxicity must be 0 to 1");
        }

        if (type.Check(attributes) is { } fault)
        {
            throw ChaosException.BadBody(fault);
        }
    }

    /// <summary>Its name, unique in its proxy.</summary>
    public string Name { get; }

    /// <summary>What it does.</summary>
    public string Type => _type.Name;

    /// <summary>Which way the data goes that it meets.</summary>
    public ToxicStream Stream { get; }

    /// <summary>The part of connections or sessions that it acts on.</summary>
    public float Toxicity { get; }

    internal ToxicType Definition => _type;

    internal ToxicAttributes Attributes { get; }

    internal ToxicSchedule Schedule { get; }

    /// <summary>When it was added, on the clock of the proxies; its schedule counts from then, also after an update.</summary>
    internal TimeSpan AddedAt { get; }

    /// <summary>How often it was updated: the random choices after an update are others than before.</summary>
    internal int Revision { get; private init; }

    internal FaultCounters Faults { get; private init; } = new();

    /// <summary>How often it has really acted.</summary>
    /// <param name="kind">What it did.</param>
    /// <returns>Both directions together, since it was added.</returns>
    public long CountFaults(FaultKind kind) => Faults.Read(kind);

    internal bool AppliesTo(ToxicStream stream) => stream == Stream || _type.IsBidirectional(Attributes);

    internal bool IsActive(TimeSpan now) => Schedule.IsAlways || Schedule.IsActive(now - AddedAt);

    /// <summary>An updated toxic.</summary>
    /// <exception cref="ChaosException">A value is wrong.</exception>
    internal Toxic Update(JsonElement? attributes, float? toxicity) =>
        new(_type, Name, Stream, toxicity ?? Toxicity, Attributes.With(attributes, _type.IsClassic), AddedAt) { Faults = Faults, Revision = Revision + 1 };

    internal void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WritePropertyName("attributes");
        Attributes.Write(writer);
        writer.WriteString("name", Name);
        writer.WriteString("type", Type);
        writer.WriteString("stream", StreamNames.Of(Stream));
        writer.WriteNumber("toxicity", Toxicity);
        writer.WriteEndObject();
    }
}
