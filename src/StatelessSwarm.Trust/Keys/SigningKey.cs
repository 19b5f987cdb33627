namespace StatelessSwarm.Trust.Keys;

/// <summary>An Ed25519 private key (RFC 8032), held in memory; never printed or logged.</summary>
public sealed partial class SigningKey
{
    /// <summary>A new key from the operating system's random source.</summary>
    public static SigningKey Generate() => throw new NotImplementedException();

    /// <summary>The key of a 32-byte seed (RFC 8032 section 5.1.5).</summary>
    public static SigningKey FromSeed(ReadOnlySpan<byte> seed) => throw new NotImplementedException();

    /// <summary>Reads a key file that <see cref="Save"/> wrote.</summary>
    /// <exception cref="Content.ContentException">Not a key file.</exception>
    /// <exception cref="IOException">Cannot be read; names the path.</exception>
    public static SigningKey Load(string path) => throw new NotImplementedException();

    /// <summary>The public half.</summary>
    public PublicKey PublicKey => throw new NotImplementedException();

    /// <summary>The 64-byte signature over <paramref name="data"/>.</summary>
    public byte[] Sign(ReadOnlySpan<byte> data) => throw new NotImplementedException();

    /// <summary>Writes the key to a new file, mode 0600; refuses to overwrite.</summary>
    public void Save(string path) => throw new NotImplementedException();
}
