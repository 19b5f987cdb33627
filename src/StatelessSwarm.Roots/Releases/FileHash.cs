using System.Security.Cryptography;
using StatelessSwarm.Content;
using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Content.Verity;

namespace StatelessSwarm.Roots.Releases;

/// <summary>
/// The hashes of one file of a release, fed front to back, and their comparison with the manifest: SHA-256, and for the image
/// the dm-verity root as well.
/// </summary>
internal sealed class FileHash : IDisposable
{
    private readonly ReleaseFile _file;
    private readonly VerityParameters _parameters;
    private readonly IncrementalHash _sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly VerityTreeBuilder? _verity;

    /// <param name="file">The file.</param>
    /// <param name="parameters">dm-verity parameters of the image.</param>
    /// <param name="tree">Receives the image's hash tree from its start on; not disposed. Null when only the root is wanted.</param>
    internal FileHash(ReleaseFile file, VerityParameters parameters, Stream? tree = null)
    {
        _file = file;
        _parameters = parameters;
        if (file.Role == ReleaseFileRole.Root)
            _verity = TreeOver(file, parameters, tree);
    }

    /// <summary>Takes the next bytes, with one task per hash; the memory must stay until they end.</summary>
    internal Task AppendAsync(ReadOnlyMemory<byte> bytes)
    {
        var sha256 = Task.Run(() => _sha256.AppendData(bytes.Span));
        return _verity is null ? sha256 : Task.WhenAll(sha256, Task.Run(() => _verity.Append(bytes.Span)));
    }

    /// <summary>Compares, after the last byte.</summary>
    /// <exception cref="ContentException">Names the file and the hash that is wrong.</exception>
    internal void Check()
    {
        var sha256 = new Sha256Digest(_sha256.GetHashAndReset());
        if (sha256 != _file.Sha256)
            throw new ContentException($"{_file.Name}: SHA-256 {sha256}, expected {_file.Sha256}");
        if (_verity?.Finish() is { } root && root != _parameters.RootHash)
            throw new ContentException($"{_file.Name}: dm-verity root {root}, expected {_parameters.RootHash}");
    }

    private static VerityTreeBuilder TreeOver(ReleaseFile file, VerityParameters parameters, Stream? tree)
    {
        try
        {
            return new VerityTreeBuilder(file.Length, parameters.Salt.Span, tree);
        }
        catch (ContentException fault)
        {
            throw new ContentException($"{file.Name}: {fault.Message}", fault);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _sha256.Dispose();
}
