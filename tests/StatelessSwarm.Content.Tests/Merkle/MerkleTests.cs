using System.Security.Cryptography;
using System.Text;
using CsCheck;
using StatelessSwarm.Content.Merkle;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Content.Tests.Merkle;

public sealed class MerkleTests
{
    [Theory]
    [InlineData("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    [InlineData("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")]
    [InlineData(
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    )]
    public void HashData_Fips1804Vectors_Match(string message, string digest) =>
        Assert.Equal(digest, Sha256Digest.HashData(Encoding.ASCII.GetBytes(message)).ToString());

    [Fact]
    public void Padding_FirstLevels_AreZeroAndItsHashes()
    {
        Assert.True(MerkleHash.Padding(0).IsZero);
        // SHA-256 of 64 zero bytes.
        Assert.Equal(
            "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b",
            MerkleHash.Padding(1).ToString()
        );
        Assert.Equal(MerkleHash.Combine(MerkleHash.Padding(1), MerkleHash.Padding(1)), MerkleHash.Padding(2));
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    [InlineData(3, 2)]
    [InlineData(4, 2)]
    [InlineData(5, 3)]
    public void Height_Nodes_RoundsUp(int nodes, int height) => Assert.Equal(height, MerkleHash.Height(nodes));

    [Fact]
    public void Builder_AnyLengthAndCut_EqualsPlainTree()
    {
        // Goal: the streaming builder gives the textbook tree. Method: recursion over zero-padded leaves.
        Gen.Select(Gen.Int[0, 20 * BlockRange.BlockSize], Gen.Int[0, 4], Gen.Int[1, 50_000]).Sample((length, level, cut) =>
        {
            var content = Content(length);
            var builder = new MerkleBuilder(level);
            for (var at = 0; at < length; at += cut)
                builder.Append(content.AsSpan(at, Math.Min(cut, length - at)));
            var root = builder.Finish();
            var leaves = Leaves(content);
            Assert.Equal(leaves.Length == 0 ? default : Plain(leaves, MerkleHash.Height(leaves.Length)), root);
            Sha256Digest[] layer = leaves.Length <= 1 << level ? [] : [.. leaves.Chunk(1 << level).Select(c => Plain(c, level))];
            Assert.Equal(layer, builder.Layer);
            if (layer.Length > 0)
                Assert.Equal(root, MerkleHash.Root(layer, level));
        }, iter: 200);
    }

    [Fact]
    public void Tree_EveryLegalRequest_AnswerProvesItself()
    {
        foreach (var count in (int[])[2, 3, 5, 8, 13, 16])
        {
            var leaves = Leaves(Content(count * BlockRange.BlockSize));
            var tree = new MerkleTree(leaves, 0);
            Assert.Equal(Plain(leaves, tree.RootLevel), tree.Root);
            var answer = new Sha256Digest[MerkleTree.MaxHashes + MerkleHash.MaxLevels];
            for (var level = 0; level < tree.RootLevel; level++)
            {
                var width = 1 << (tree.RootLevel - level);
                for (var length = 2; length <= width; length *= 2)
                {
                    for (var index = 0; index < width; index += length)
                    {
                        var layers = tree.RootLevel - level - 1;
                        Assert.True(tree.TryAnswer(level, index, length, layers, answer, out var written));
                        Assert.Equal(length + MerkleProof.UncleCount(length, layers), written);
                        var uncles = answer.AsSpan(length, written - length);
                        Assert.True(MerkleProof.Verify(tree.Root, answer.AsSpan(0, length), index, uncles));
                        answer[0] = MerkleHash.Combine(answer[0], answer[0]);
                        Assert.False(MerkleProof.Verify(tree.Root, answer.AsSpan(0, length), index, uncles));
                    }
                }
            }
        }
    }

    [Theory]
    [InlineData(0, 0, 1, 0)]
    [InlineData(0, 0, 3, 0)]
    [InlineData(0, 1, 2, 0)]
    [InlineData(0, -2, 2, 0)]
    [InlineData(0, 8, 2, 0)]
    [InlineData(0, 0, 16, 0)]
    [InlineData(0, 0, 1024, 0)]
    [InlineData(0, 0, 2, 3)]
    [InlineData(0, 0, 2, -1)]
    [InlineData(3, 0, 2, 0)]
    [InlineData(-1, 0, 2, 0)]
    [InlineData(int.MaxValue, 0, 2, 0)]
    public void TryAnswer_IllegalRequest_Refused(int level, int index, int length, int proofLayers)
    {
        var tree = new MerkleTree(Leaves(Content(8 * BlockRange.BlockSize)), 0);
        Assert.False(tree.TryAnswer(level, index, length, proofLayers, new Sha256Digest[600], out _));
    }

    [Fact]
    public void Verify_OutsideTheTree_Refused()
    {
        var leaves = Leaves(Content(2 * BlockRange.BlockSize));
        var root = MerkleHash.Root(leaves, 0);
        Assert.True(MerkleProof.Verify(root, leaves, 0, []));
        Assert.False(MerkleProof.Verify(root, leaves, 2, []));
        Assert.False(MerkleProof.Verify(root, leaves, -2, []));
        Assert.False(MerkleProof.Verify(root, leaves.AsSpan(0, 1), 0, []));
        Assert.False(MerkleProof.Verify(root, [], 0, []));
        Assert.False(MerkleProof.Verify(root, leaves, 0, new Sha256Digest[60]));
    }

    internal static byte[] Content(int length)
    {
        var content = new byte[length];
        for (var i = 0; i < length; i++)
            content[i] = unchecked((byte)(i * 31 + i / 16384 * 7));
        return content;
    }

    internal static Sha256Digest[] Leaves(byte[] content) =>
        [.. content.Chunk(BlockRange.BlockSize).Select(block => new Sha256Digest(SHA256.HashData(block)))];

    private static Sha256Digest Plain(ReadOnlySpan<Sha256Digest> leaves, int height)
    {
        if (height == 0)
            return leaves.IsEmpty ? default : leaves[0];
        var half = 1 << (height - 1);
        var left = leaves[..Math.Min(half, leaves.Length)];
        var right = leaves[Math.Min(half, leaves.Length)..];
        return new Sha256Digest(SHA256.HashData([.. Plain(left, height - 1).AsSpan(), .. Plain(right, height - 1).AsSpan()]));
    }
}
