using StatelessSwarm.Engine.Limits;

namespace StatelessSwarm.Engine.Tests.Limits;

/// <summary>The window on a modelled link: uses what is idle, gives way, finds back, and lives with a longer path.</summary>
public sealed class BackgroundWindowTests(ITestOutputHelper output)
{
    private const double TenMbit = 1.25e6;

    [Theory]
    [InlineData(TenMbit, 0.02, 1)]
    [InlineData(TenMbit, 0.002, 1)]
    [InlineData(TenMbit, 0.1, 1)]
    [InlineData(TenMbit, 0.02, 3)]
    [InlineData(TenMbit, 0.02, 5)]
    [InlineData(TenMbit, 0.02, 8)] // eight blocks that meet are 105 ms: the queue of many members is that of their blocks
    [InlineData(4 * TenMbit, 0.04, 2)]
    [InlineData(10 * TenMbit, 0.02, 1)]
    public void Alone_IdleLink_IsUsedWithAShortQueue(double rate, double delay, int members)
    {
        var link = new BottleneckModel(rate, delay, members);
        link.Run(8);
        var (used, _, mean, high) = link.Run(60);
        output.WriteLine($"{rate * 8 / 1e6} Mbit/s, {delay * 1000} ms, {members}: used {used:f3}, queue {mean * 1000:f1} ms, 95 % {high * 1000:f1} ms");
        Assert.InRange(used, 0.95, 1.001);
        Assert.InRange(mean, 0, 0.04);
        Assert.InRange(high, 0, members > 5 ? 0.075 : 0.06);
    }

    /// <summary>A transfer that keeps the buffer half full or more, as a loss-based TCP does, has the link to itself.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public void BesideAnother_ItHasTheLink_AndIsFollowedWhenItEnds(int members)
    {
        var link = new BottleneckModel(TenMbit, 0.02, members);
        link.Run(10);
        // Sawtooth between half and all of the buffer of 250 ms, ten seconds long: enough is put in to be there.
        link.Others = queue => Math.Max(0, (0.125 + 0.125 * (link.Now % 10 / 10) - queue) * TenMbit);
        link.Run(3);
        var (mine, others, _, _) = link.Run(30);
        link.Others = null;
        link.Run(5);
        var (after, _, _, high) = link.Run(20);
        output.WriteLine($"{members}: beside {mine:f3} to {others:f3}, after {after:f3}, queue 95 % {high * 1000:f1} ms");
        Assert.InRange(others, 0.95, 1);
        Assert.InRange(after, 0.95, 1.001);
        Assert.InRange(high, 0, 0.06);
    }

    /// <summary>The path gets 60 ms longer: it looks like a queue for the minutes of the history, then it is the path.</summary>
    [Fact]
    public void Base_LongerPath_IsLearntAfterTheHistory()
    {
        var link = new BottleneckModel(TenMbit, 0.02, 1);
        link.Run(30);
        link.BaseSeconds = 0.08;
        var (held, _, _, _) = link.Run(60);
        link.Run(PathDelay.HistoryMinutes * 60);
        var (used, _, _, high) = link.Run(60);
        output.WriteLine($"at first {held:f3}, then {used:f3}, queue 95 % {high * 1000:f1} ms");
        Assert.InRange(held, 0, 0.2);
        Assert.InRange(used, 0.95, 1.001);
        Assert.InRange(high, 0, 0.06);
    }

    /// <summary>Who comes later sees the others' queue; because all slow down together it learns what is queue and what is path.</summary>
    [Fact]
    public void Latecomer_SeesTheOthersQueue_LearnsTheBase()
    {
        var link = new BottleneckModel(TenMbit, 0.02, 4) { Active = 3 };
        link.Run(40);
        link.Active = 4;
        link.Run(10);
        var (used, _, mean, high) = link.Run(60);
        output.WriteLine($"used {used:f3}, queue {mean * 1000:f1} ms, 95 % {high * 1000:f1} ms");
        Assert.InRange(used, 0.95, 1.001);
        Assert.InRange(high, 0, 0.06);
    }

    /// <summary>A kernel that knows nothing of its connections must not hold the node at the first window for ever.</summary>
    [Fact]
    public void Measure_NothingToMeasure_OpensAfterAWhile()
    {
        var window = new BackgroundWindow(BottleneckModel.Second);
        for (var tick = 0; tick < 100; tick++)
            window.Measure([new PathSample(1, 0, 0, 0)], isHeldBack: true, isUsed: true, 0, tick * BottleneckModel.Second / 20);
        Assert.Equal(BackgroundWindow.Initial, window.Bytes);
        window.Measure([], isHeldBack: true, isUsed: true, 0, 6 * BottleneckModel.Second);
        Assert.Equal(BackgroundWindow.Most, window.Bytes);
    }

    [Fact]
    public void Run_Twice_IsTheSame()
    {
        double[] Widths()
        {
            var link = new BottleneckModel(TenMbit, 0.02, 3) { Others = queue => queue < 0.01 ? 20_000 : 0 };
            link.Run(20);
            return [.. link.Windows.Select(window => window.Bytes)];
        }
        Assert.Equal(Widths(), Widths());
    }
}
