using System.Security.Cryptography;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Content.Verity;

namespace StatelessSwarm.Trust.Repositories;

/// <summary>The hashes of one file, fed front to back: SHA-256, and the dm-verity root for an image.</summary>
internal sealed class FileHashes : IDisposable
{
    private readonly IncrementalHash _sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly VerityTreeBuilder? _verity;

    /// <param name="veritySalt">Salt of the verity tree, or null for a file that is no image.</param>
    /// <param name="length">Bytes that will come.</param>
    public FileHashes(byte[]? veritySalt, long length)
    {
        if (veritySalt is not null)
            _verity = new VerityTreeBuilder(length, veritySalt);
    }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        AppendSha256(bytes);
        AppendVerity(bytes);
    }

    /// <summary>Half of <see cref="Append"/>; the halves may run side by side.</summary>
    public void AppendSha256(ReadOnlySpan<byte> bytes) => _sha256.AppendData(bytes);

    /// <inheritdoc cref="AppendSha256"/>
    public void AppendVerity(ReadOnlySpan<byte> bytes) => _verity?.Append(bytes);

    public Sha256Digest FinishSha256() => new(_sha256.GetHashAndReset());

    /// <summary>The root hash; once, after the last byte, of an image.</summary>
    public Sha256Digest FinishVerity() =>
        (_verity ?? throw new InvalidOperationException("No image: it has no verity tree.")).Finish();

    public void Dispose() => _sha256.Dispose();
}
