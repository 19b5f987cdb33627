using System.Text.Json;
using StatelessSwarm.Node.Status;

namespace StatelessSwarm.Cli.Nodes;

/// <summary>A status as scripts read it; members are only ever added.</summary>
internal static class StatusJson
{
    /// <summary>Members of a status, inside an object already begun.</summary>
    public static void Write(Utf8JsonWriter json, NodeStatus status)
    {
        json.WriteBoolean("daemon", status.IsDaemon);
        json.WriteNumber("pid", status.ProcessId);
        json.WriteString("product", status.Product);
        json.WriteString("channel", status.Channel);
        json.WriteString("server", status.Server);
        json.WriteString("site", status.Site);
        json.WriteString("node_id", status.NodeId);
        json.WriteNumber("port", status.Port);
        json.WriteString("phase", PhaseNames.Of(status.Phase));
        WriteSlot(json, "current", status.Current);
        WriteSlot(json, "next", status.Next);
        WriteSlot(json, "previous", status.Previous);
        WriteSlot(json, "held", status.Held);
        if (status.Progress is { } progress)
        {
            json.WriteStartObject("progress");
            json.WriteString("digest", progress.Digest.ToString());
            json.WriteString("version", progress.Version);
            json.WriteNumber("done_bytes", progress.DoneBytes);
            json.WriteNumber("total_bytes", progress.TotalBytes);
            Write(json, progress.Sources);
            json.WriteNumber("wasted_bytes", progress.WastedBytes);
            json.WriteNumber("peers", progress.Peers);
            json.WriteNumber("seeds", progress.Seeds);
            json.WriteEndObject();
        }
        else
        {
            json.WriteNull("progress");
        }
        if (status.LastFault is { } fault)
        {
            json.WriteStartObject("last_fault");
            json.WriteNumber("code", (int)fault.Kind);
            json.WriteString("message", fault.Line);
            json.WriteEndObject();
        }
        else
        {
            json.WriteNull("last_fault");
        }
        json.WriteString("mounted_root", status.MountedRoot);
        json.WriteString("mounted_image", status.MountedImage);
        json.WriteString("mount_note", status.MountNote);
        json.WriteNumber("sharing", status.Sharing);
        json.WriteNumber("neighbours", status.Neighbours);
        json.WriteNumber("sent_lan_bytes", status.SentLanBytes);
        json.WriteNumber("sent_wan_bytes", status.SentWanBytes);
        json.WriteNumber("resident_bytes", status.ResidentBytes);
        json.WriteNumber("peak_resident_bytes", status.PeakResidentBytes);
        if (status.Limits is { } limits)
        {
            json.WriteStartObject("limits");
            LimitJson.Write(json, limits);
            json.WriteEndObject();
        }
        else
        {
            json.WriteNull("limits");
        }
        json.WriteStartArray("updates");
        foreach (var update in status.Updates)
            Write(json, update);
        json.WriteEndArray();
    }

    /// <summary>A release in a slot, or null.</summary>
    public static void WriteSlot(Utf8JsonWriter json, string name, SlotRelease? release)
    {
        if (release is null)
        {
            json.WriteNull(name);
            return;
        }
        json.WriteStartObject(name);
        json.WriteString("digest", release.Digest.ToString());
        json.WriteString("version", release.Version);
        json.WriteNumber("build", release.Build);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, UpdateRecord update)
    {
        json.WriteStartObject();
        json.WriteString("digest", update.Digest.ToString());
        json.WriteString("version", update.Version);
        json.WriteNumber("build", update.Build);
        json.WriteNumber("total_bytes", update.TotalBytes);
        Write(json, update.Sources);
        json.WriteNumber("wasted_bytes", update.WastedBytes);
        json.WriteNumber("started_unix_seconds", update.StartedUnixMilliseconds / 1000.0);
        json.WriteNumber("finished_unix_seconds", update.FinishedUnixMilliseconds / 1000.0);
        json.WriteNumber("download_seconds", update.DownloadMilliseconds / 1000.0);
        json.WriteNumber("verify_seconds", update.VerifyMilliseconds / 1000.0);
        json.WriteNumber("seconds", update.TotalMilliseconds / 1000.0);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, SourceBytes sources)
    {
        json.WriteStartObject("sources");
        json.WriteNumber("disk", sources.Disk);
        json.WriteNumber("lan", sources.Lan);
        json.WriteNumber("wan", sources.Wan);
        json.WriteNumber("http", sources.Http);
        json.WriteEndObject();
    }
}
