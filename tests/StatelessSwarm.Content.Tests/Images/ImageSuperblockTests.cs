using CsCheck;
using StatelessSwarm.Content.Images;
using StatelessSwarm.Content.Manifests;

namespace StatelessSwarm.Content.Tests.Images;

public sealed class ImageSuperblockTests
{
    private const long Made = 1_600_000_000;

    [Theory]
    [InlineData("zstd", ImageCompression.Zstd)]
    [InlineData("gzip", ImageCompression.Gzip)]
    [InlineData("xz", ImageCompression.Xz)]
    public async Task Read_MksquashfsImage_Facts(string compressor, ImageCompression expected)
    {
        using var directory = MakeTree();
        var path = directory.File("image");
        await Programs.RunAsync(
            "/usr/bin/mksquashfs",
            [directory.File("tree"), path, "-comp", compressor, "-b", "131072", "-mkfs-time", $"{Made}", "-quiet", "-no-progress"]
        );
        using var image = File.OpenRead(path);
        var super = ImageSuperblock.Read(image);
        Assert.Equal(
            (ImageFormat.SquashFs, expected, 131072, 3, Made),
            (super.Format, super.Compression, super.BlockSize, super.InodeCount, super.MadeUnixSeconds)
        );
        Assert.InRange(super.UsedBytes, 97, image.Length);
        Assert.InRange(image.Length - super.UsedBytes, 0, 4095);
    }

    [Theory]
    [InlineData("", ImageCompression.None)]
    [InlineData("lz4hc", ImageCompression.Lz4)]
    public async Task Read_MkfsErofsImage_Facts(string compressor, ImageCompression expected)
    {
        using var directory = MakeTree();
        var path = directory.File("image");
        string[] compression = compressor.Length > 0 ? [$"-z{compressor}"] : [];
        await Programs.RunAsync("/usr/bin/mkfs.erofs", [.. compression, "-T", $"{Made}", path, directory.File("tree")]);
        using var image = File.OpenRead(path);
        var super = ImageSuperblock.Read(image);
        Assert.Equal(
            (ImageFormat.Erofs, expected, 4096, 3, Made),
            (super.Format, super.Compression, super.BlockSize, super.InodeCount, super.MadeUnixSeconds)
        );
        Assert.Equal(image.Length, super.UsedBytes);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(95)]
    [InlineData(96)]
    [InlineData(1100)]
    [InlineData(2048)]
    public void Parse_NoImage_Refused(int length) =>
        Assert.Throws<ContentException>(() => ImageSuperblock.Parse(new byte[length]));

    [Fact]
    public void Parse_RandomFieldsBehindMagic_OnlyContentException() =>
        Gen.Select(Gen.Byte.Array[ImageSuperblock.HeadBytes], Gen.Bool).Sample((head, squash) =>
        {
            if (squash)
                "hsqs"u8.CopyTo(head);
            else
                new byte[] { 0xE2, 0xE1, 0xF5, 0xE0 }.CopyTo(head, 1024);
            try
            {
                var super = ImageSuperblock.Parse(head);
                Assert.InRange(super.BlockSize, 512, 1 << 20);
            }
            catch (ContentException) { }
        }, iter: 2000);

    private static TemporaryDirectory MakeTree()
    {
        var directory = new TemporaryDirectory();
        Directory.CreateDirectory(directory.File("tree"));
        File.WriteAllText(directory.File("tree/a"), new string('a', 200_000));
        File.WriteAllText(directory.File("tree/b"), "b");
        return directory;
    }
}
