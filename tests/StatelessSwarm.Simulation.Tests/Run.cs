using System.Text;
using StatelessSwarm.Sim.Reports;
using StatelessSwarm.Sim.Scenarios;
using StatelessSwarm.Sim.Swarms;

namespace StatelessSwarm.Simulation.Tests;

/// <summary>A simulated run, for tests: what happened, and the figures they look at.</summary>
internal sealed class Run
{
    public const double Mbit = 1e6;

    private Run(SimSwarm swarm, bool isGood)
    {
        Swarm = swarm;
        IsGood = isGood;
        Report = RunReport.Of(swarm, new RunCost(0, 0, 0, 1));
    }

    public SimSwarm Swarm { get; }

    /// <summary>Everybody who had to has finished, and no rule was broken.</summary>
    public bool IsGood { get; }

    public RunReport Report { get; }

    public List<SimNode> Leechers => [.. Swarm.Leechers];

    /// <summary>When the last one of those that had to finish was done.</summary>
    public double LastSeconds => Swarm.Leechers.Where(node => node.MustFinish).Max(node => node.DoneAt ?? long.MaxValue) / 1e9;

    public IEnumerable<double> WanCopies => Report.Sites.Select(site => site.WanCopies);

    public double WastedShare => (double)Report.WastedBytes / Report.Nodes / Swarm.Scenario.Image.Bytes;

    /// <summary>The first rule that was broken, or an empty text.</summary>
    public string FirstBreach => Report.Breaches.Count == 0 ? "" : Report.Breaches[0];

    /// <summary>Runs a scenario; <paramref name="change"/> may break nodes before.</summary>
    public static Run Of(Scenario scenario, long seed, int threads = 1, Action<SimSwarm>? change = null)
    {
        var swarm = new SimSwarm(scenario, seed);
        change?.Invoke(swarm);
        return new Run(swarm, swarm.Run(threads));
    }

    /// <summary>A scenario from the text of a file.</summary>
    public static Scenario Read(string json) => ScenarioReader.Read(Encoding.UTF8.GetBytes(json), "test.json", "test");

    /// <summary>One line, for the log.</summary>
    public string Words(double optimum) =>
        $"last {LastSeconds:f2} s, optimum {optimum:f2} s, ratio {LastSeconds / optimum:f3}, seed egress {Report.SeedCopies:f3}, "
        + $"WAN copies {string.Join(' ', WanCopies.Select(copies => $"{copies:f3}"))}, wasted {WastedShare:f4}, {Report.Events} events, "
        + $"taken over {string.Join(' ', Report.Takeovers.Where(pair => pair.Value > 0).Select(pair => $"{pair.Value} {pair.Key}"))} {FirstBreach}";
}
