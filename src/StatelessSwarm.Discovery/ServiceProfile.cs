namespace StatelessSwarm.Discovery;

/// <summary>A service to announce (RFC 6763).</summary>
/// <param name="Instance">Instance label, 1-63 bytes of UTF-8; renamed on conflict.</param>
/// <param name="ServiceType">For example <c>_stateless._tcp</c>, without <c>.local</c>.</param>
/// <param name="Port">Port.</param>
/// <param name="Text">TXT pairs; key and value together at most 255 bytes each.</param>
public sealed record ServiceProfile(
    string Instance,
    string ServiceType,
    int Port,
    IReadOnlyDictionary<string, string> Text
);
