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

    /// <summary>A far peer's own port is full: another path, on which nothing comes but acknowledgements, tells that ours is not.</summary>
    [Fact]
    public void Measure_QueueOnOnePathAlone_IsNotTheLinks()
    {
        var paths = new ScriptedPaths();
        paths.Look(3, slow: 20, idle: 20);
        var before = paths.Window.Bytes;
        paths.Look(10, slow: 250, idle: 20);
        Assert.True(paths.Window.IsDoubtful);
        Assert.InRange(paths.Window.Bytes, before, BackgroundWindow.Most);
        Assert.InRange(paths.Window.Queue, 0, 0.001);
    }

    /// <summary>Both paths show it: it is on the link that they share, whoever makes it.</summary>
    [Fact]
    public void Measure_QueueOnAllPaths_GivesWay()
    {
        var paths = new ScriptedPaths();
        paths.Look(3, slow: 20, idle: 20);
        paths.Look(10, slow: 250, idle: 250);
        Assert.Equal(BackgroundWindow.Least, paths.Window.Bytes);
        Assert.InRange(paths.Window.Queue, 0.2, 0.25);
    }

    /// <summary>A path first seen while there is a queue has never been without: it is no witness.</summary>
    [Fact]
    public void Measure_PathFirstSeenInAQueue_IsNotBelieved()
    {
        var paths = new ScriptedPaths();
        paths.Look(3, slow: 20, idle: null);
        paths.Look(1, slow: 250, idle: null);
        paths.Look(10, slow: 250, idle: 250);
        Assert.Equal(BackgroundWindow.Least, paths.Window.Bytes);
    }

    /// <summary>A witness that has said nothing for a while is none.</summary>
    [Fact]
    public void Measure_WitnessFallsSilent_GivesWay()
    {
        var paths = new ScriptedPaths();
        paths.Look(3, slow: 20, idle: 20);
        paths.Look(BackgroundWindow.ProbeSeconds + 5, slow: 250, idle: null);
        Assert.Equal(BackgroundWindow.Least, paths.Window.Bytes);
    }

    /// <summary>We send far more than comes, on every path that anything comes on: others tell that there is room.</summary>
    [Fact]
    public void Measure_NothingButIdlePaths_GrowsByTheirWord()
    {
        var paths = new ScriptedPaths();
        paths.Look(3, slow: 20, idle: 20);
        paths.Look(2, slow: 250, idle: 250);
        paths.Look(5, slow: null, idle: 20);
        Assert.InRange(paths.Window.Bytes, BackgroundWindow.Initial, BackgroundWindow.Most);
    }

    /// <summary>Two paths of 20 ms, looked at twenty times a second; data comes on the first.</summary>
    private sealed class ScriptedPaths
    {
        private const double LookSeconds = 0.05;
        private uint _deliveries;
        private double _seconds;

        public BackgroundWindow Window { get; } = new(1_000_000);

        public void Look(double seconds, int? slow, int? idle)
        {
            for (var end = _seconds + seconds; _seconds < end; _seconds += LookSeconds)
            {
                _deliveries += 64;
                List<PathSample> samples = [];
                if (slow is { } first)
                    samples.Add(new PathSample(1, (uint)first * 1000, 20_000, _deliveries));
                if (idle is { } second)
                    samples.Add(new PathSample(2, (uint)second * 1000, (uint)second * 1000, _deliveries, IsIdle: true));
                var span = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(samples);
                Window.Measure(span, isHeldBack: true, isUsed: true, 1448, (long)(_seconds * 1e6));
            }
        }
    }
}
