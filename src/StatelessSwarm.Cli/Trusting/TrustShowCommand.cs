using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using StatelessSwarm.Cli.Commands;
using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Trust.Roles;

namespace StatelessSwarm.Cli.Trusting;

/// <summary><c>stateless trust show</c></summary>
internal static class TrustShowCommand
{
    /// <summary>The command.</summary>
    public static Command Create(CommandContext context)
    {
        var file = new Argument<string>("FILE") { Description = "Root metadata, a channel pointer or a manifest." };
        var root = new Option<string?>("--root") { HelpName = "FILE", Description = "Root metadata to count the signatures by; root metadata is counted by itself." };
        var json = JsonOption.Create();
        var command = new ToolCommand(
            "show",
            "Prints what a file of signed metadata says, and whose signatures it has.",
            "stateless trust show repo/metadata/root.mp",
            "stateless trust show repo/metadata/channels/web/stable.mp --root repo/metadata/root.mp --json"
        )
        {
            file, root, json,
        };
        command.SetAction(result =>
        {
            var read = TrustFile.Read(result.GetRequiredValue(file));
            var judge = result.GetValue(root) is { } path
                ? TrustFile.Read(path).Root ?? throw new CommandException(ExitCode.Usage, $"--root {path}: no root metadata")
                : read.Root;
            var count = judge is null ? (SignatureCount?)null : RoleVerifier.Count(judge, read.Role, read.Envelope);
            var needed = judge?.HoldersOf(read.Role)?.Threshold;
            if (result.GetValue(json))
                JsonOption.Write(context.Terminal.Out, writer => WriteJson(writer, read, count, needed));
            else
                WriteText(context.Terminal.Out, read, count, needed);
            return (int)(count is { } seen && seen.Valid < needed ? ExitCode.Refused : ExitCode.Done);
        });
        return command;
    }

    private static void WriteText(TextWriter writer, TrustFile file, SignatureCount? count, int? needed)
    {
        if (file.Root is { } root)
        {
            writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"root metadata version {root.Version}"));
            writer.WriteLine($"issued    {Time(root.IssuedUnixSeconds)}");
            writer.WriteLine($"expires   {Time(root.ExpiresUnixSeconds)}");
            foreach (var (role, keys) in root.Roles.OrderBy(pair => pair.Key))
            {
                writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{RoleVerifier.NameOf(role),-9} {keys.Threshold} of {keys.KeyIds.Count}"));
                foreach (var id in keys.KeyIds)
                    writer.WriteLine($"          {id}");
            }
        }
        else if (file.Channel is { } channel)
        {
            writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"channel {channel.Product}/{channel.Channel} serial {channel.Serial}"));
            writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"release   {channel.Version} build {channel.Build}  {channel.Release}"));
            writer.WriteLine($"issued    {Time(channel.IssuedUnixSeconds)}");
            writer.WriteLine($"expires   {Time(channel.ExpiresUnixSeconds)}");
        }
        else if (file.Manifest is { } manifest)
        {
            writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"release {manifest.Product} {manifest.Version} build {manifest.Build}"));
            writer.WriteLine($"digest    {Sha256Digest.HashData(file.Envelope.Payload.Span)}");
            writer.WriteLine($"created   {Time(manifest.CreatedUnixSeconds)}");
        }
        else if (file.Statement is { } statement)
        {
            writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"time statement serial {statement.Serial}"));
            writer.WriteLine($"issued    {Time(statement.IssuedUnixSeconds)}");
            writer.WriteLine($"expires   {Time(statement.ExpiresUnixSeconds)}");
            writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"root      version {statement.RootVersion}"));
            writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"revoked   version {statement.RevocationVersion}"));
            foreach (var (product, name, serial) in statement.Channels)
                writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"channel   {product}/{name} serial {serial}"));
        }
        else if (file.Delegation is { } delegation)
        {
            writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"delegation of {delegation.Product} version {delegation.Version}"));
            writer.WriteLine($"issued    {Time(delegation.IssuedUnixSeconds)}");
            writer.WriteLine($"expires   {Time(delegation.ExpiresUnixSeconds)}");
            writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"release   {delegation.Threshold} of {delegation.Keys.Count}"));
            foreach (var key in delegation.Keys)
                writer.WriteLine($"          {key.Id}");
        }
        else if (file.Revocations is { } list)
        {
            writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"revocation list version {list.Version}"));
            writer.WriteLine($"issued    {Time(list.IssuedUnixSeconds)}");
            foreach (var key in list.Keys)
                writer.WriteLine($"out       {key}");
        }
        foreach (var signature in file.Envelope.Signatures)
            writer.WriteLine($"signed by {signature.KeyId}");
        if (count is { } seen)
        {
            writer.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{seen.Valid} of {needed ?? 0} needed {RoleVerifier.NameOf(file.Role)} keys have signed; {seen.Invalid} invalid, {seen.Foreign} by other keys"
                )
            );
        }
    }

    private static void WriteJson(Utf8JsonWriter json, TrustFile file, SignatureCount? count, int? needed)
    {
        json.WriteString("kind", RoleVerifier.NameOf(file.Role));
        if (file.Root is { } root)
        {
            json.WriteNumber("version", root.Version);
            json.WriteNumber("issued", root.IssuedUnixSeconds);
            json.WriteNumber("expires", root.ExpiresUnixSeconds);
            json.WriteStartObject("roles");
            foreach (var (role, keys) in root.Roles.OrderBy(pair => pair.Key))
            {
                json.WriteStartObject(RoleVerifier.NameOf(role));
                json.WriteNumber("threshold", keys.Threshold);
                json.WriteStartArray("keys");
                foreach (var id in keys.KeyIds)
                    json.WriteStringValue(id.ToString());
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        else if (file.Channel is { } channel)
        {
            json.WriteString("product", channel.Product);
            json.WriteString("channel", channel.Channel);
            json.WriteNumber("serial", channel.Serial);
            json.WriteString("release", channel.Release.ToString());
            json.WriteNumber("expires", channel.ExpiresUnixSeconds);
        }
        else if (file.Manifest is { } manifest)
        {
            json.WriteString("product", manifest.Product);
            json.WriteString("release_version", manifest.Version);
            json.WriteNumber("build", manifest.Build);
            json.WriteString("digest", Sha256Digest.HashData(file.Envelope.Payload.Span).ToString());
        }
        else if (file.Statement is { } statement)
        {
            json.WriteNumber("serial", statement.Serial);
            json.WriteNumber("issued", statement.IssuedUnixSeconds);
            json.WriteNumber("expires", statement.ExpiresUnixSeconds);
            json.WriteNumber("root_version", statement.RootVersion);
            json.WriteNumber("revocation_version", statement.RevocationVersion);
            json.WriteStartArray("channels");
            foreach (var (product, name, serial) in statement.Channels)
            {
                json.WriteStartObject();
                json.WriteString("product", product);
                json.WriteString("channel", name);
                json.WriteNumber("serial", serial);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        else if (file.Delegation is { } delegation)
        {
            json.WriteString("product", delegation.Product);
            json.WriteNumber("version", delegation.Version);
            json.WriteNumber("issued", delegation.IssuedUnixSeconds);
            json.WriteNumber("expires", delegation.ExpiresUnixSeconds);
            json.WriteNumber("threshold", delegation.Threshold);
            json.WriteStartArray("keys");
            foreach (var key in delegation.Keys)
                json.WriteStringValue(key.Id.ToString());
            json.WriteEndArray();
        }
        else if (file.Revocations is { } list)
        {
            json.WriteNumber("version", list.Version);
            json.WriteNumber("issued", list.IssuedUnixSeconds);
            json.WriteStartArray("keys");
            foreach (var key in list.Keys)
                json.WriteStringValue(key.ToString());
            json.WriteEndArray();
        }
        json.WriteStartArray("signed_by");
        foreach (var signature in file.Envelope.Signatures)
            json.WriteStringValue(signature.KeyId.ToString());
        json.WriteEndArray();
        if (count is { } seen)
        {
            json.WriteNumber("valid", seen.Valid);
            json.WriteNumber("needed", needed ?? 0);
            json.WriteNumber("invalid", seen.Invalid);
            json.WriteNumber("foreign", seen.Foreign);
        }
    }

    private static string Time(long unixSeconds) => DateTimeOffset.FromUnixTimeSeconds(unixSeconds).ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
