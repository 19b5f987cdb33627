using System.Diagnostics;
using StatelessSwarm.Platform.Errors;
using StatelessSwarm.Platform.Loop;

namespace StatelessSwarm.Platform.Tests.Loop;

public sealed class LoopDeviceTests
{
    [Fact]
    public async Task Attach_File_ReadsThroughAndClearsItself()
    {
        RootRights.Require();
        using var directory = new TemporaryDirectory();
        var content = new byte[64 * 1024];
        new Random(1).NextBytes(content);
        File.WriteAllBytes(directory["image"], content);
        using (var loop = LoopDevice.Attach(directory["image"]))
        {
            Assert.Equal(content, File.ReadAllBytes(loop.Path)[..content.Length]);
            Assert.ThrowsAny<Exception>(() => WriteOneByte(loop.Path));
            Assert.Contains(loop.Path, await LosetupAsync(directory["image"]), StringComparison.Ordinal);
        }
        Assert.Equal("", await LosetupAsync(directory["image"]));
    }

    /// <summary>
    /// Asking for a free device and taking it are two calls; many threads at once lose that race and must try again.
    /// </summary>
    [Fact]
    public async Task Attach_ManyAtOnce_AllGetTheirOwnDevice()
    {
        RootRights.Require();
        using var directory = new TemporaryDirectory();
        File.WriteAllBytes(directory["image"], new byte[4096]);
        var attached = await Task.WhenAll(
            Enumerable.Range(0, 12).Select(_ => Task.Run(() => LoopDevice.Attach(directory["image"])))
        );
        Assert.Equal(attached.Length, attached.Select(loop => loop.Path).Distinct(StringComparer.Ordinal).Count());
        foreach (var loop in attached)
            loop.Dispose();
        Assert.Equal("", await LosetupAsync(directory["image"]));
    }

    [Fact]
    public void Attach_MissingFile_NamesIt()
    {
        RootRights.Require();
        var fault = Assert.Throws<PlatformException>(() => LoopDevice.Attach("/nonexistent/image"));
        Assert.Equal(("/nonexistent/image", Errno.ENOENT), (fault.Path, fault.Error));
    }

    private static void WriteOneByte(string path)
    {
        using var device = File.OpenHandle(path, access: FileAccess.ReadWrite);
        RandomAccess.Write(device, [1], 0);
        RandomAccess.FlushToDisk(device);
    }

    private static async Task<string> LosetupAsync(string path)
    {
        using var process = Process.Start(
            new ProcessStartInfo("losetup", ["--associated", path]) { RedirectStandardOutput = true, UseShellExecute = false }
        )!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
        return output;
    }
}
