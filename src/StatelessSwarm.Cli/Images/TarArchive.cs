using StatelessSwarm.Cli.Tools;

namespace StatelessSwarm.Cli.Images;

/// <summary>GNU tar, which alone sets and reads every attribute of a file.</summary>
internal static class TarArchive
{
    /// <summary>Unpacks a stream. As root: owners by number, device nodes, ACLs and all extended attributes.</summary>
    public static Task UnpackAsync(Func<Stream, CancellationToken, Task> archive, string directory, ToolLocator tools, CancellationToken cancellation) =>
        new ToolRun
        {
            Program = tools.Find("tar", "tar"),
            Arguments =
            [
                "--extract", "--file", "-", "--directory", directory, "--numeric-owner", "--same-owner",
                "--same-permissions", "--acls", "--xattrs", "--xattrs-include=*", "--delay-directory-restore",
            ],
            Input = archive,
        }.RunAsync(cancellation);

    /// <summary>Packs a directory into a stream, sorted; sockets are left out.</summary>
    public static ToolRun PackRun(string directory, Stream archive, ToolLocator tools)
    {
        var command = PackCommand(directory, tools);
        return new ToolRun { Program = command[0], Arguments = command[1..], Output = archive };
    }

    /// <summary>The same as program and arguments.</summary>
    public static string[] PackCommand(string directory, ToolLocator tools) =>
        [
            tools.Find("tar", "tar"), "--create", "--file", "-", "--directory", directory, "--sort=name", "--format=pax", "--sparse", "--numeric-owner",
            "--acls", "--xattrs", "--xattrs-include=*", ".",
        ];
}
