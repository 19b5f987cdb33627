using StatelessSwarm.Platform.Errors;
using StatelessSwarm.Platform.Machine;

namespace StatelessSwarm.Platform.Tests.Machine;

public sealed class WatchdogTests
{
    [Fact]
    public void Open_NoSuchDevice_SaysSo()
    {
        var fault = Assert.Throws<PlatformException>(() => Watchdog.Open("/dev/no-watchdog", TimeSpan.FromSeconds(30)));
        Assert.Equal((Errno.ENOENT, "/dev/no-watchdog"), (fault.Error, fault.Path));
    }

    [Fact]
    public void Open_SomethingElse_IsNoWatchdogAndIsLeftAlone()
    {
        var fault = Assert.Throws<PlatformException>(() => Watchdog.Open("/dev/null", TimeSpan.FromSeconds(30)));
        Assert.Equal("ioctl(WDIOC_SETTIMEOUT)", fault.Call);
    }
}
