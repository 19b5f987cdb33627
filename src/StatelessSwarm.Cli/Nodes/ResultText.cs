using StatelessSwarm.Cli.Commands;
using StatelessSwarm.Node.Updating;

namespace StatelessSwarm.Cli.Nodes;

/// <summary>The result of an update, an activation or a rollback.</summary>
internal static class ResultText
{
    /// <summary>Writes one line, or an object.</summary>
    public static void Write(CommandContext context, UpdateResult result, bool asJson)
    {
        if (asJson)
        {
            JsonOption.Write(
                context.Terminal.Out,
                json =>
                {
                    json.WriteString("outcome", NameOf(result.Outcome));
                    StatusJson.WriteSlot(json, "release", result.Release);
                    json.WriteString("note", result.Note);
                }
            );
            return;
        }
        var words = result.Outcome switch
        {
            UpdateOutcome.UpToDate => "is in place already",
            UpdateOutcome.Activated => "is current",
            UpdateOutcome.Staged => "is next",
            _ => "is not taken",
        };
        var note = result.Note.Length > 0 ? $" ({result.Note})" : "";
        context.Terminal.Out.WriteLine(
            $"release {result.Release.Version} build {result.Release.Build} {result.Release.Digest} {words}{note}"
        );
    }

    private static string NameOf(UpdateOutcome outcome) =>
        outcome switch
        {
            UpdateOutcome.UpToDate => "up-to-date",
            UpdateOutcome.Activated => "activated",
            UpdateOutcome.Staged => "staged",
            UpdateOutcome.Held => "held",
            _ => "unknown",
        };
}
