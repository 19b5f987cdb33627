using System.Diagnostics;
using StatelessSwarm.Platform.Errors;
using StatelessSwarm.Platform.Files;

namespace StatelessSwarm.Platform.Tests.Files;

public sealed class FileLockTests
{
    [Fact]
    public void TryTake_WhileHeld_GivesNullUntilReleased()
    {
        using var directory = new TemporaryDirectory();
        var path = directory["lock"];
        using (FileLock.TryTake(path))
            Assert.Null(FileLock.TryTake(path));
        using var again = FileLock.TryTake(path);
        Assert.NotNull(again);
    }

    [Fact]
    public async Task TryTake_HeldHere_KeepsAnotherProcessOut()
    {
        using var directory = new TemporaryDirectory();
        var path = directory["lock"];
        using (FileLock.TryTake(path))
            Assert.Equal(1, await ExitCodeOfFlockAsync(path));
        Assert.Equal(0, await ExitCodeOfFlockAsync(path));
    }

    [Fact]
    public void Take_HeldTooLong_NamesTheLockFile()
    {
        using var directory = new TemporaryDirectory();
        var path = directory["lock"];
        using var held = FileLock.TryTake(path);
        var fault = Assert.Throws<IOException>(
            () => FileLock.Take(path, TimeSpan.FromMilliseconds(20), TimeProvider.System)
        );
        Assert.Contains(path, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Take_ReleasedMeanwhile_GetsIt()
    {
        using var directory = new TemporaryDirectory();
        var path = directory["lock"];
        var held = FileLock.TryTake(path)!;
        var waiting = Task.Run(() => FileLock.Take(path, TimeSpan.FromSeconds(30), TimeProvider.System));
        held.Dispose();
        using var taken = await waiting;
        Assert.Null(FileLock.TryTake(path));
    }

    [Fact]
    public void TryTake_InMissingDirectory_NamesCallPathAndError()
    {
        var fault = Assert.Throws<PlatformException>(() => FileLock.TryTake("/nonexistent/lock"));
        Assert.Equal(Errno.ENOENT, fault.Error);
        Assert.StartsWith("open /nonexistent/lock: ENOENT (", fault.Message, StringComparison.Ordinal);
    }

    private static async Task<int> ExitCodeOfFlockAsync(string path)
    {
        using var process = Process.Start("flock", ["--nonblock", path, "true"]);
        await process.WaitForExitAsync();
        return process.ExitCode;
    }
}
