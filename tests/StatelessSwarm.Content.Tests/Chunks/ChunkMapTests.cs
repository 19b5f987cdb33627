using System.Buffers.Binary;
using System.Security.Cryptography;
using StatelessSwarm.Content.Chunks;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Content.Tests.Chunks;

/// <summary>Chunk maps: the published vectors, slicing, and what is refused.</summary>
public sealed class ChunkMapTests
{
    /// <summary>The vectors of docs/chunk-map.md: an image of <see cref="CountedBytes"/>, how many chunks, SHA-256 of its map.</summary>
    [Theory]
    [InlineData(0, 0, "aac1032906464774edf2a17e06f8822631fe545f71b604aa820fa6f242b63e7b")]
    [InlineData(100, 1, "8a2dd10646825453b0165a57c86cb9d76cd175d78c107932f5c6910a3e19f090")]
    [InlineData(1 << 20, 59, "ed3485861033a4b864b5bea253ef5f19ee15b6ee20e6bee717e0cbab2db08df9")]
    [InlineData(10_000_000, 532, "0e6ea125b619f30bfbfca3a4981d34ba0e7eaed0c98eda49c21eaebd151cc75e")]
    public void Encode_Vectors(int length, int chunks, string sha256)
    {
        var map = MapOf(CountedBytes.Make(length));
        Assert.Equal((chunks, sha256), (map.Chunks.Count, Convert.ToHexStringLower(SHA256.HashData(map.Encode()))));
    }

    [Fact]
    public void Build_AnySlices_SameMap()
    {
        var bytes = CountedBytes.Make(3_000_001);
        var whole = MapOf(bytes).Encode();
        foreach (var step in new[] { 1_000, 4_096, 65_537, 1_048_576, 1_048_577 })
        {
            using var builder = new ChunkMapBuilder();
            for (var at = 0; at < bytes.Length; at += step)
                builder.Append(bytes.AsSpan(at, Math.Min(step, bytes.Length - at)));
            Assert.Equal(whole, builder.Finish().Encode());
        }
    }

    [Fact]
    public async Task Build_Stream_ChunksAreWhatTheySay()
    {
        var bytes = CountedBytes.Make(2_000_000);
        var map = ChunkMap.Decode((await ChunkMapBuilder.BuildAsync(new MemoryStream(bytes), null, TestContext.Current.CancellationToken)).Encode());
        Assert.Equal(bytes.Length, map.ImageBytes);
        Assert.Equal(Sha256Digest.HashData(bytes), map.ImageSha256);
        foreach (var chunk in map.Chunks)
            Assert.Equal(BinaryPrimitives.ReadUInt128BigEndian(SHA256.HashData(bytes.AsSpan((int)chunk.Offset, chunk.Length))), chunk.Hash);
        Assert.InRange(map.EncodedBytes, 1, bytes.Length / 500);
    }

    [Theory]
    [InlineData("magic", "magic")]
    [InlineData("version", "version 2")]
    [InlineData("kind", "kind 2")]
    [InlineData("reserved", "version 1")]
    [InlineData("short", "chunks in")]
    [InlineData("long", "chunks in")]
    [InlineData("count", "chunks in")]
    [InlineData("huge count", "chunks in")]
    [InlineData("tiny", "expected 52")]
    [InlineData("length", "the image's length")]
    [InlineData("negative length", "the image's length")]
    [InlineData("short chunk", "chunk 0")]
    public void Decode_NotAMap_IsRefused(string change, string says)
    {
        var bytes = MapOf(CountedBytes.Make(1 << 20)).Encode();
        var changed = change switch
        {
            "magic" => Set(bytes, 0, (byte)'X'),
            "version" => Set(bytes, 4, 2),
            "kind" => Set(bytes, 5, 2),
            "reserved" => Set(bytes, 7, 1),
            "short" => bytes[..^1],
            "long" => [.. bytes, 0],
            "count" => Set(bytes, 51, (byte)(bytes[51] + 1)),
            "huge count" => Set(bytes, 48, 0xff),
            "tiny" => bytes[..51],
            "length" => Set(bytes, 15, (byte)(bytes[15] + 1)),
            "negative length" => Set(bytes, 8, 0xff),
            "short chunk" => Set(bytes, 52, 0),
            _ => throw new ArgumentOutOfRangeException(nameof(change)),
        };
        Assert.Contains(says, Assert.Throws<ContentException>(() => ChunkMap.Decode(changed)).Message, StringComparison.Ordinal);
    }

    internal static ChunkMap MapOf(byte[] image)
    {
        using var builder = new ChunkMapBuilder();
        builder.Append(image);
        return builder.Finish();
    }

    private static byte[] Set(byte[] bytes, int at, byte value)
    {
        bytes[at] = value;
        return bytes;
    }
}
