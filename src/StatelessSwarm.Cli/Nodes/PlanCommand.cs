using System.CommandLine;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using StatelessSwarm.Cli.Commands;
using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Cli.Units;
using StatelessSwarm.Node.Configuration;
using StatelessSwarm.Node.Control;
using StatelessSwarm.Node.Hosting;
using StatelessSwarm.Node.Updating;

namespace StatelessSwarm.Cli.Nodes;

/// <summary><c>stateless plan</c></summary>
internal static class PlanCommand
{
    /// <summary>The command.</summary>
    public static Command Create(CommandContext context)
    {
        var options = new NodeOptionSet(context);
        var json = JsonOption.Create();
        var command = new ToolCommand(
            "plan",
            "Says what an update would fetch, what is on this machine already, and whether there is room. Ends with 5 when there is nothing to do, with 4 when room is missing.",
            "stateless plan --server http://seed.example:8080 --follow web/stable --trust /etc/stateless/root.mp"
        );
        options.AddTo(command);
        command.Add(json);
        command.SetAction(
            async (result, cancellation) =>
            {
                var (settings, defaults) = options.Read(result);
                var socket = NodeOptions.ControlSocketIn(settings.RunDirectory(defaults));
                var plan =
                    await ControlClient.TryPlanAsync(socket, context.Time, cancellation)
                    ?? await PlanHereAsync(settings.ToOptions(defaults), context.Time, cancellation);
                if (result.GetValue(json))
                    WriteJson(context, plan);
                else
                    WriteText(context, plan);
                return (int)(
                    plan.IsInPlace ? ExitCode.Nothing
                    : plan.RoomNeeded > plan.RoomAvailable ? ExitCode.NoRoom
                    : ExitCode.Done
                );
            }
        );
        return command;
    }

    private static async Task<UpdatePlan> PlanHereAsync(NodeOptions options, TimeProvider time, CancellationToken cancellation)
    {
        await using var node = await NodeRuntime.StartAsync(options, time, NullLoggerFactory.Instance, cancellation);
        return await node.PlanAsync(cancellation);
    }

    private static void WriteText(CommandContext context, UpdatePlan plan)
    {
        var text = context.Terminal.Out;
        text.WriteLine($"release {plan.Release.Version} build {plan.Release.Build} {plan.Release.Digest}, {ByteCount.Format(plan.TotalBytes)}");
        if (plan.IsInPlace)
        {
            text.WriteLine("is in place: nothing to do");
            return;
        }
        foreach (var part in plan.Reused)
            text.WriteLine($"  {ByteCount.Format(part.Bytes), 10}  here already, in {part.Version}");
        text.WriteLine($"  {ByteCount.Format(plan.FetchBytes), 10}  to fetch{(plan.Note.Length > 0 ? $" (not compared: {plan.Note})" : "")}");
        var missing = plan.RoomNeeded - plan.RoomAvailable;
        text.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"  {ByteCount.Format(plan.RoomNeeded), 10}  of room needed, {ByteCount.Format(plan.RoomAvailable)} there{(missing > 0 ? $": {ByteCount.Format(missing)} missing" : "")}"
            )
        );
    }

    private static void WriteJson(CommandContext context, UpdatePlan plan) =>
        JsonOption.Write(
            context.Terminal.Out,
            json =>
            {
                StatusJson.WriteSlot(json, "release", plan.Release);
                json.WriteBoolean("in_place", plan.IsInPlace);
                json.WriteNumber("total_bytes", plan.TotalBytes);
                json.WriteNumber("fetch_bytes", plan.FetchBytes);
                json.WriteStartArray("reused");
                foreach (var part in plan.Reused)
                {
                    json.WriteStartObject();
                    json.WriteString("version", part.Version);
                    json.WriteNumber("bytes", part.Bytes);
                    json.WriteEndObject();
                }
                json.WriteEndArray();
                json.WriteString("note", plan.Note);
                json.WriteNumber("room_needed", plan.RoomNeeded);
                json.WriteNumber("room_available", plan.RoomAvailable);
            }
        );
}
