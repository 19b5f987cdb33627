namespace StatelessSwarm.Swarm.Encryption;

/// <summary>Both directions of an encrypted connection. One task decrypts, one encrypts.</summary>
internal sealed class StreamCipher(Rc4 incoming, Rc4 outgoing)
{
    /// <summary>What was received, in place, in the order it came.</summary>
    public void Decrypt(Span<byte> data) => incoming.Apply(data);

    /// <summary>What is sent next, in place.</summary>
    public void Encrypt(Span<byte> data) => outgoing.Apply(data);
}
