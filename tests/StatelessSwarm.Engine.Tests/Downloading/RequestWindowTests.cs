using Microsoft.Extensions.Time.Testing;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Engine.Downloading;
using StatelessSwarm.Engine.Torrents;

namespace StatelessSwarm.Engine.Tests.Downloading;

/// <summary>What a window learns of a peer, block by block, when there is not always something to ask the peer for.</summary>
public sealed class RequestWindowTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly EngineClock _clock;
    private readonly RequestWindow _window;
    private long _number;

    public RequestWindowTests()
    {
        _clock = new EngineClock(_time);
        _window = new RequestWindow(_clock, 256);
    }

    [Fact]
    public void RanDry_BlocksHadToQueue_RateFollowsTheSlowerPeer()
    {
        Settle();
        var before = _window.Rate;
        for (var block = 0; block < 400; block++)
            Receive(TimeSpan.FromMilliseconds(100), waited: TimeSpan.FromSeconds(2), ranDry: true);
        Assert.InRange(before / BlockRange.BlockSize, 180, 220);
        Assert.InRange(_window.Rate / BlockRange.BlockSize, 9, 11);
        Assert.InRange(_window.Blocks, 4, 12);
    }

    [Fact]
    public void RanDry_BlocksCameAtOnce_RateIsKept()
    {
        Settle();
        var before = _window.Rate;
        for (var block = 0; block < 400; block++)
            Receive(TimeSpan.FromMilliseconds(100), waited: TimeSpan.FromMilliseconds(5), ranDry: true);
        Assert.Equal(before, _window.Rate, before / 100);
    }

    /// <summary>Two hundred blocks a second, 5 ms after they were asked for, until the window has seen enough.</summary>
    private void Settle()
    {
        for (var block = 0; block < 2000; block++)
            Receive(TimeSpan.FromMilliseconds(5), waited: TimeSpan.FromMilliseconds(5), ranDry: false);
        Assert.True(_window.IsSettled);
    }

    private void Receive(TimeSpan apart, TimeSpan waited, bool ranDry)
    {
        _time.Advance(apart);
        _clock.Update();
        if (ranDry)
            _window.RanDry();
        _number++;
        _window.Received(BlockRange.BlockSize, _clock.Now - _clock.Duration(waited.TotalSeconds), _number, _number + 4);
    }
}
