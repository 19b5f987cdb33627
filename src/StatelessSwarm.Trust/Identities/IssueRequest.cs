namespace StatelessSwarm.Trust.Identities;

/// <summary>What a certificate is to say.</summary>
public sealed record IssueRequest
{
    /// <summary>PKCS #10 (RFC 2986), DER: the key, signed by itself. Nothing else in it counts.</summary>
    public required ReadOnlyMemory<byte> SigningRequest { get; init; }

    /// <summary>Whom it is for, 1 to 64 characters of [A-Za-z0-9._-]; kept by the authority, not in the certificate.</summary>
    public required string Name { get; init; }

    /// <summary>DNS names and addresses under which a server is reached; empty for a node.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>How long it holds; not beyond the authority itself.</summary>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromDays(365);

    /// <summary>The token it is enrolled with; empty when it is issued by hand.</summary>
    public string TokenId { get; init; } = "";
}
