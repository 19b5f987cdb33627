namespace StatelessSwarm.Engine.Extensions;

/// <summary>Extended message ids we hand out: a peer sends these numbers to us (BEP 10).</summary>
internal static class ExtensionIds
{
    /// <summary>The extension handshake itself.</summary>
    public const byte Handshake = 0;

    /// <summary><c>ut_metadata</c>, BEP 9.</summary>
    public const byte Metadata = 1;

    /// <summary><c>ss</c>: claims.</summary>
    public const byte Claims = 2;

    /// <summary><c>lt_donthave</c>, BEP 54.</summary>
    public const byte DontHave = 3;

    /// <summary><c>ut_pex</c>, BEP 11.</summary>
    public const byte Pex = 4;
}
