using System.CommandLine;
using System.Globalization;
using StatelessSwarm.Cli.Commands;
using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Cli.Units;
using StatelessSwarm.Node.Booting;
using StatelessSwarm.Roots.Booting;
using StatelessSwarm.Roots.Releases;

namespace StatelessSwarm.Cli.Booting;

/// <summary><c>stateless boot status</c></summary>
internal static class BootStatusCommand
{
    /// <summary>The command.</summary>
    public static Command Create(CommandContext context)
    {
        var run = BootCommands.RunOption();
        var json = JsonOption.Create();
        var command = new ToolCommand("status", "Says what this machine was booted from, why, and what each step took.", "stateless boot status --json") { run, json };
        command.SetAction(
            async (result, cancellation) =>
            {
                var record = await BootRecordFile.ReadAsync(result.GetValue(run)!, cancellation);
                if (record.IsPersistent && Directory.Exists(record.StateDirectory))
                    record = record with { Tries = BootLedger.Open(ReleaseStore.Open(record.StateDirectory)).Read(record.Release.Digest) };
                if (result.GetValue(json))
                    JsonOption.Write(context.Terminal.Out, writer =>
                    {
                        writer.WritePropertyName("boot");
                        record.Write(writer);
                    });
                else
                    Write(context.Terminal.Out, record);
                return (int)ExitCode.Done;
            }
        );
        return command;
    }

    private static void Write(TextWriter writer, BootRecord record)
    {
        writer.WriteLine($"root      {record.Product} {record.Release.Version} build {record.Release.Build}  {record.Release.Digest}");
        writer.WriteLine($"reason    {record.Reason}{(record.IsDegraded ? ", degraded: it is bad, and nothing else is here" : "")}");
        writer.WriteLine($"verity    {(record.IsVerified ? "every block is checked when it is read" : $"off: {record.VerityNote}")}");
        writer.WriteLine(
            record.Tries switch
            {
                null => "tries     not counted: releases are kept in memory",
                { IsGood: true } => "tries     good",
                { IsBad: true } => "tries     none left",
                var tries => $"tries     {tries.Left} left, not blessed yet",
            }
        );
        var sources = record.Sources;
        if (sources.Disk + sources.Lan + sources.Wan + sources.Http > 0)
            writer.WriteLine(
                $"fetched   disk {ByteCount.Format(sources.Disk)}, lan {ByteCount.Format(sources.Lan)}, wan {ByteCount.Format(sources.Wan)}, http {ByteCount.Format(sources.Http)}"
            );
        foreach (var step in record.Steps)
            writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"step      {step.Name,-8} {step.Milliseconds / 1000.0,8:0.000} s, from {(record.AgentStartMilliseconds + step.StartMilliseconds) / 1000.0:0.000} s"));
        foreach (var note in record.Notes)
            writer.WriteLine($"note      {note}");
    }
}
