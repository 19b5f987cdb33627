using CsCheck;
using StatelessSwarm.Content.Tests.Merkle;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Content.Verity;

namespace StatelessSwarm.Content.Tests.Verity;

public sealed class VerityTreeBuilderTests
{
    [Theory]
    [InlineData(1, "00112233")]
    [InlineData(2, "-")]
    [InlineData(127, "0011223344556677889900112233445566778899001122334455667788990011")]
    [InlineData(128, "00")]
    [InlineData(129, "00112233")]
    [InlineData(256, "-")]
    [InlineData(128 * 128, "-")]
    [InlineData(128 * 128 + 1, "00112233445566778899aabbccddeeff")]
    public async Task Builder_AnySize_EqualsVeritysetup(int blocks, string salt)
    {
        using var directory = new TemporaryDirectory();
        var data = MerkleTests.Content(blocks * VerityTreeBuilder.BlockSize);
        await File.WriteAllBytesAsync(directory.File("data"), data, TestContext.Current.CancellationToken);
        var said = await Programs.RunAsync(
            "/usr/sbin/veritysetup",
            ["format", "--no-superblock", $"--salt={salt}", directory.File("data"), directory.File("tree")]
        );
        var theirs = await File.ReadAllBytesAsync(directory.File("tree"), TestContext.Current.CancellationToken);
        using var tree = new MemoryStream();
        var builder = new VerityTreeBuilder(data.Length, salt == "-" ? [] : Convert.FromHexString(salt), tree);
        builder.Append(data);
        var root = builder.Finish();
        Assert.EndsWith(root.ToString(), said.Split('\n').Single(line => line.StartsWith("Root hash", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Equal(VerityTreeBuilder.TreeBytes(data.Length), tree.Length);
        Assert.Equal(tree.Length, tree.Position);
        Assert.True(theirs.AsSpan().SequenceEqual(tree.ToArray()));
    }

    [Fact]
    public void Builder_AnyCut_SameRootAndTree()
    {
        var data = MerkleTests.Content(131 * VerityTreeBuilder.BlockSize);
        var expected = VerityTreeBuilder.RootHash(data, [1, 2, 3]);
        Gen.Int[1, 20_000].Sample(cut =>
        {
            var builder = new VerityTreeBuilder(data.Length, [1, 2, 3]);
            for (var at = 0; at < data.Length; at += cut)
                builder.Append(data.AsSpan(at, Math.Min(cut, data.Length - at)));
            Assert.Equal(expected, builder.Finish());
        }, iter: 50);
    }

    [Fact]
    public void Builder_OneBitFlipped_AnotherRoot()
    {
        var data = MerkleTests.Content(3 * VerityTreeBuilder.BlockSize);
        var root = VerityTreeBuilder.RootHash(data, []);
        Assert.NotEqual(root, VerityTreeBuilder.RootHash(data, [0]));
        data[9000] ^= 0x10;
        Assert.NotEqual(root, VerityTreeBuilder.RootHash(data, []));
        Assert.Equal(Sha256Digest.HashData(data.AsSpan(0, 4096)), VerityTreeBuilder.RootHash(data.AsSpan(0, 4096), []));
    }

    [Fact]
    public void Builder_TreeInsideAStream_BeginsAtItsPosition()
    {
        var data = MerkleTests.Content(130 * VerityTreeBuilder.BlockSize);
        using var stream = new MemoryStream();
        stream.Write(new byte[100]);
        var builder = new VerityTreeBuilder(data.Length, [], stream);
        builder.Append(data);
        builder.Finish();
        Assert.Equal(100 + VerityTreeBuilder.TreeBytes(data.Length), stream.Length);
        Assert.True(stream.ToArray().AsSpan(0, 100).ContainsAnyExcept((byte)0) is false);
    }

    [Fact]
    public void Builder_WrongLength_Refused()
    {
        Assert.Throws<ContentException>(() => new VerityTreeBuilder(4097, []));
        Assert.Throws<ContentException>(() => new VerityTreeBuilder(0, []));
        Assert.Throws<ContentException>(() => new VerityTreeBuilder(4096, new byte[257]));
        var builder = new VerityTreeBuilder(8192, []);
        builder.Append(new byte[4096]);
        Assert.Throws<ContentException>(() => builder.Finish());
        Assert.Throws<ContentException>(() => builder.Append(new byte[4097]));
    }
}
