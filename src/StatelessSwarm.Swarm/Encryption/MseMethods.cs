namespace StatelessSwarm.Swarm.Encryption;

/// <summary>What comes after the handshake (<c>crypto_provide</c>, <c>crypto_select</c>). Wire values.</summary>
[Flags]
internal enum MseMethods : uint
{
    /// <summary>Nothing in common.</summary>
    None = 0,

    /// <summary>Plaintext.</summary>
    Plain = 1,

    /// <summary>RC4.</summary>
    Rc4 = 2,
}
