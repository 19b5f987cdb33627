using System.Text.Json;
using StatelessSwarm.Cli.Tests.Support;
using StatelessSwarm.Content.Chunks;

namespace StatelessSwarm.Cli.Tests.Images;

/// <summary>What <c>image diff</c> says of two files whose difference is known.</summary>
public sealed class ImageDiffTests : IDisposable
{
    private const int OldBytes = 2_000_000;
    private const int AddedBytes = 100_000;

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Diff_BytesPutInTheMiddle_OnlyTheirChunksAreMissing()
    {
        var (old, added) = (Random(OldBytes, 1), Random(AddedBytes, 2));
        await File.WriteAllBytesAsync(_directory["old.img"], old);
        await File.WriteAllBytesAsync(_directory["new.img"], [.. old[..700_001], .. added, .. old[700_001..]]);

        var said = await DiffAsync("old.img", "new.img");

        Assert.Equal(OldBytes + AddedBytes, said.GetProperty("new_bytes").GetInt64());
        var missing = said.GetProperty("missing_bytes").GetInt64();
        Assert.InRange(missing, AddedBytes, AddedBytes + 2 * GearChunker.MaxBytes);
        Assert.Equal(OldBytes + AddedBytes, missing + said.GetProperty("shared_bytes").GetInt64());
        Assert.Equal(1, said.GetProperty("missing_runs").GetInt64());
        Assert.InRange(said.GetProperty("map_bytes").GetInt64(), 1, (OldBytes + AddedBytes) / 500);
    }

    [Fact]
    public async Task Diff_EqualFiles_NothingIsMissing()
    {
        await File.WriteAllBytesAsync(_directory["old.img"], Random(OldBytes, 1));
        File.Copy(_directory["old.img"], _directory["new.img"]);

        Assert.Equal(0, (await DiffAsync("old.img", "new.img")).GetProperty("missing_bytes").GetInt64());
    }

    [Fact]
    public async Task Diff_NoSuchFile_IsSaid()
    {
        var run = await CommandRun.RunAsync("image", "diff", _directory["old.img"], _directory["new.img"]);

        Assert.Equal(5, run.Code);
        Assert.Contains("old.img: no such file", run.Error, StringComparison.Ordinal);
    }

    private async Task<JsonElement> DiffAsync(string old, string wanted)
    {
        var run = await CommandRun.RunAsync("image", "diff", _directory[old], _directory[wanted], "--json");
        Assert.True(run.Code == 0, run.Error);
        return JsonDocument.Parse(run.Out).RootElement;
    }

    private static byte[] Random(int length, int seed)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
