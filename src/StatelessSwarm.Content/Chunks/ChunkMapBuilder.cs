using System.Security.Cryptography;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Content.Chunks;

/// <summary>
/// Makes the chunk map of an image that comes in order, in slices of any size; equal images give equal maps however they are sliced.
/// Memory: a buffer of 1 MiB, and 40 bytes per chunk. For one thread at a time, once.
/// </summary>
/// <param name="hashesImage">Hash the image as well; without it, <see cref="Finish(Sha256Digest)"/> is told.</param>
public sealed class ChunkMapBuilder(bool hashesImage = true) : IDisposable
{
    private const int BufferBytes = 1024 * 1024;

    // The last entry a map of the longest length has room for.
    private const int MaxChunks = (ChunkMap.MaxBytes - 52) / 18;

    private readonly byte[] _buffer = new byte[BufferBytes];
    private readonly List<Chunk> _chunks = [];
    private readonly IncrementalHash? _image = hashesImage ? IncrementalHash.CreateHash(HashAlgorithmName.SHA256) : null;
    private int _filled;
    private long _taken;
    private long _cutTo;

    /// <summary>The map of a stream from its position to its end.</summary>
    /// <param name="image">The image.</param>
    /// <param name="progress">Told the bytes read so far, or null.</param>
    /// <param name="cancellation">Stops between reads.</param>
    /// <exception cref="ContentException">It has more chunks than a map may have.</exception>
    /// <exception cref="IOException">The stream fails.</exception>
    public static async Task<ChunkMap> BuildAsync(Stream image, IProgress<long>? progress, CancellationToken cancellation)
    {
        using var builder = new ChunkMapBuilder();
        var buffer = new byte[BufferBytes];
        while (await image.ReadAsync(buffer, cancellation) is var read and > 0)
        {
            builder.Append(buffer.AsSpan(0, read));
            progress?.Report(builder._taken);
        }
        return builder.Finish();
    }

    /// <summary>Takes the next bytes of the image.</summary>
    /// <exception cref="ContentException">It has more chunks than a map may have.</exception>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        _image?.AppendData(bytes);
        _taken += bytes.Length;
        while (bytes.Length > 0)
        {
            var part = bytes[..Math.Min(bytes.Length, BufferBytes - _filled)];
            part.CopyTo(_buffer.AsSpan(_filled));
            _filled += part.Length;
            bytes = bytes[part.Length..];
            if (_filled == BufferBytes)
                Cut(isEnd: false);
        }
    }

    /// <summary>The map. Nothing may be appended after it.</summary>
    /// <exception cref="ContentException">It has more chunks than a map may have.</exception>
    /// <exception cref="InvalidOperationException">The image was not hashed.</exception>
    public ChunkMap Finish()
    {
        if (_image is null)
            throw new InvalidOperationException("The image was not hashed here: its SHA-256 has to be told.");
        Span<byte> hash = stackalloc byte[Sha256Digest.Size];
        _image.GetHashAndReset(hash);
        return Finish(new Sha256Digest(hash));
    }

    /// <summary>The map of an image whose SHA-256 is known. Nothing may be appended after it.</summary>
    /// <exception cref="ContentException">It has more chunks than a map may have.</exception>
    public ChunkMap Finish(Sha256Digest imageSha256)
    {
        Cut(isEnd: true);
        return ChunkMap.Of(_taken, imageSha256, [.. _chunks]);
    }

    /// <inheritdoc/>
    public void Dispose() => _image?.Dispose();

    /// <summary>Cuts off whole chunks; what may go on stays, moved to the buffer's start.</summary>
    private void Cut(bool isEnd)
    {
        var data = _buffer.AsSpan(0, _filled);
        while (data.Length >= GearChunker.MaxBytes || (isEnd && data.Length > 0))
        {
            if (_chunks.Count == MaxChunks)
                throw new ContentException($"image: more than {MaxChunks} chunks: too large for a chunk map");
            var length = GearChunker.FindCut(data);
            _chunks.Add(new Chunk(_cutTo, length, Chunk.HashOf(data[..length])));
            _cutTo += length;
            data = data[length..];
        }
        data.CopyTo(_buffer);
        _filled = data.Length;
    }
}
