using StatelessSwarm.Swarm.WebSeeds;
using StatelessSwarm.Testing.Torrents;

namespace StatelessSwarm.Swarm.Tests.WebSeeds;

/// <summary>URL rules of BEP 19, and where a stretch of the piece space lies.</summary>
public sealed class WebSeedFilesTests
{
    private const int KiB = 1024;

    [Theory]
    [InlineData("http://host/image.bin", "http://host/image.bin")]
    [InlineData("http://host/get?id=7", "http://host/get?id=7")]
    [InlineData("http://host/other%20name", "http://host/other%20name")]
    [InlineData("http://host/dir/", "http://host/dir/my%20image%23.bin")]
    [InlineData("https://host", "https://host/my%20image%23.bin")]
    public async Task UrlOf_SingleFile(string url, string expected)
    {
        using var sample = await SampleTorrent.CreateNamedAsync("my image#.bin", 16 * KiB, ("my image#.bin", 20_000));
        Assert.False(sample.Metainfo.Info.IsMultiFile);
        Assert.Equal(expected, new WebSeedFiles(sample.Metainfo.Info, new Uri(url)).UrlOf(0).AbsoluteUri);
    }

    [Theory]
    [InlineData("http://host/dir/", "http://host/dir/a%26b/sub%20dir/100%25%3F.bin")]
    [InlineData("http://host/dir", "http://host/dir/a%26b/sub%20dir/100%25%3F.bin")]
    public async Task UrlOf_SeveralFiles(string url, string expected)
    {
        using var sample = await SampleTorrent.CreateNamedAsync("a&b", 16 * KiB, ("sub dir/100%?.bin", 10), ("z", 10));
        Assert.Equal(expected, new WebSeedFiles(sample.Metainfo.Info, new Uri(url)).UrlOf(0).AbsoluteUri);
    }

    [Fact]
    public async Task SegmentAt_WholePieceSpace_NamesEveryByteOfEveryFileOnceAndPadsBetween()
    {
        using var sample = await SampleTorrent.CreateAsync(16 * KiB, 20_000, 0, 5, 16 * KiB, 40_000);
        var info = sample.Metainfo.Info;
        var files = new WebSeedFiles(info, new Uri("http://host/"));
        var read = new long[info.Files.Count];
        var pads = 0L;
        for (long position = 0, length; position < info.WireBytes; position += length)
        {
            // steps that end in the middle of files and pads
            var segment = files.SegmentAt(position, Math.Min(info.WireBytes, position + 7_000));
            length = segment.Length;
            Assert.InRange(length, 1, 7_000);
            if (segment.IsPad)
            {
                pads += length;
                continue;
            }
            Assert.Equal(read[segment.FileIndex], segment.Offset);
            Assert.Equal(info.Files[segment.FileIndex].Offset + segment.Offset, position);
            read[segment.FileIndex] += length;
        }
        Assert.Equal(info.Files.Select(file => file.Length), read);
        Assert.Equal(info.WireBytes - info.ContentBytes, pads);
    }
}
