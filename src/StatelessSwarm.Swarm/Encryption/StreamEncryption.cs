namespace StatelessSwarm.Swarm.Encryption;

/// <summary>
/// How connections are hidden from those who look at packets (MSE, Message Stream Encryption). It is no protection: who knows the info hash
/// can read along, RC4 is broken, and nobody is authenticated. Content is verified by its hashes either way.
/// </summary>
public enum StreamEncryption
{
    /// <summary>We connect in plaintext; peers that connect may do either, and get plaintext after the handshake if they offer it.</summary>
    Plain,

    /// <summary>We try encrypted, then plaintext; peers that connect may do either, and get RC4 if they offer it.</summary>
    Prefer,

    /// <summary>RC4 only, both ways.</summary>
    Require,
}
