namespace Net.Hosting.Certificates;

/// <summary>What <c>net certs check --json</c> prints.</summary>
internal sealed record CertificateCheckReport
{
    public required bool IsGood { get; init; }

    /// <summary>The kind of fault; absent when all is good.</summary>
    public string? Fault { get; init; }

    /// <summary>What is wrong and how to mend it.</summary>
    public string? Message { get; init; }

    /// <summary>What is not wrong yet, or not wise.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    public int? DaysLeft { get; init; }
}
