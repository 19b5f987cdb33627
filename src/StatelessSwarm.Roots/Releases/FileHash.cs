using System.Security.Cryptography;
using StatelessSwarm.Content;
using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Roots.Releases;

/// <summary>The hashes of one file of a release, fed front to back, and their comparison with the manifest.</summary>
internal sealed class FileHash : IDisposable
{
    private readonly ReleaseFile _file;
    private readonly IncrementalHash _sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    internal FileHash(ReleaseFile file, VerityParameters verity)
    {
        _file = file;
    }

    /// <summary>Takes the next bytes; the memory must stay until the task ends.</summary>
    internal async Task AppendAsync(ReadOnlyMemory<byte> bytes)
    {
        await Task.Run(() => _sha256.AppendData(bytes.Span));
    }

    /// <summary>Compares, after the last byte.</summary>
    /// <exception cref="ContentException">Names the file and the hash that is wrong.</exception>
    internal void Check()
    {
        var actual = new Sha256Digest(_sha256.GetHashAndReset());
        if (actual != _file.Sha256)
            throw new ContentException($"{_file.Name}: SHA-256 {actual}, expected {_file.Sha256}");
    }

    /// <inheritdoc/>
    public void Dispose() => _sha256.Dispose();
}
