using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using StatelessSwarm.Engine.Limits;
using StatelessSwarm.Node.Limits;
using StatelessSwarm.Swarm.Hosting;

namespace StatelessSwarm.Node.Tests.Limits;

public sealed class LimitKeeperTests : IAsyncDisposable
{
    // A zone without summer time, an hour off: hours are those of the machine, not of Greenwich.
    private static readonly TimeZoneInfo Zone = TimeZoneInfo.CreateCustomTimeZone("test", TimeSpan.FromHours(1), "test", "test");
    private static readonly TransferLimits Configured = new() { WanDown = 1 << 20, LanUp = 5 << 20 };

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 3, 1, 6, 58, 30, TimeSpan.Zero));
    private SwarmHost? _swarm;
    private LimitKeeper? _keeper;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        if (_keeper is not null)
            await _keeper.DisposeAsync();
        if (_swarm is not null)
            await _swarm.DisposeAsync();
    }

    [Fact]
    public async Task Hours_BeginAndEnd_LimitsFollowLocalTime()
    {
        var keeper = await StartAsync("08:00-09:00@off", "08:30-10:00@2M");
        Assert.Equal(Configured, _swarm!.Limits);
        Assert.Null(keeper.Status.Hours);
        _time.Advance(TimeSpan.FromSeconds(91));
        Assert.Equal(Configured with { WanDown = 0, WanUp = 0 }, _swarm.Limits);
        Assert.Equal("08:00-09:00@off", keeper.Status.Hours);
        _time.Advance(TimeSpan.FromMinutes(60));
        Assert.Equal(Configured with { WanDown = 2 << 20 }, _swarm.Limits);
        _time.Advance(TimeSpan.FromMinutes(60));
        Assert.Equal(Configured, _swarm.Limits);
    }

    [Fact]
    public async Task Change_OverHours_HoldsUntilReset()
    {
        var keeper = await StartAsync("07:00-09:00@off");
        var changed = keeper.Change(new LimitChange(false, new Dictionary<LimitName, long?> { [LimitName.WanDown] = 3 << 20 }));
        Assert.Equal(Configured with { WanDown = 3 << 20, WanUp = 0 }, changed.InForce);
        Assert.Equal([LimitName.WanDown], changed.Changed);
        Assert.Equal(Configured, changed.Configured);
        _time.Advance(TimeSpan.FromMinutes(70));
        Assert.Equal(Configured with { WanDown = 3 << 20 }, _swarm!.Limits);
        var lifted = keeper.Change(new LimitChange(true, new Dictionary<LimitName, long?> { [LimitName.LanUp] = null }));
        Assert.Equal(Configured with { LanUp = null }, lifted.InForce);
        Assert.Equal(Configured, keeper.Change(new LimitChange(true, new Dictionary<LimitName, long?>())).InForce);
    }

    private async Task<LimitKeeper> StartAsync(params string[] hours)
    {
        _time.SetLocalTimeZone(Zone);
        _swarm = await SwarmHost.StartAsync(
            new SwarmOptions { ListenAddresses = [IPAddress.Loopback], Port = 0 },
            _time,
            NullLoggerFactory.Instance,
            Cancellation
        );
        return _keeper = new LimitKeeper(_swarm, Configured, [.. hours.Select(text => WanHours.TryParse(text)!)], _time, NullLogger.Instance);
    }
}
