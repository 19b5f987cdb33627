using StatelessSwarm.Cli.Tools;
using StatelessSwarm.Content.Manifests;

namespace StatelessSwarm.Cli.Images;

/// <summary>Runs a program over an image that is mounted for it alone: the mount ends with its name space. Needs root.</summary>
internal static class MountedImage
{
    // $1 image, $2 mount point, $3 format, then the program and its arguments.
    private const string Script = "mount -t \"$3\" -o loop,ro,nodev,nosuid \"$1\" \"$2\"; shift 3; \"$@\"";

    /// <summary>The run.</summary>
    /// <param name="image">Path of the image.</param>
    /// <param name="format">Its format.</param>
    /// <param name="mountPoint">An empty directory.</param>
    /// <param name="tools">Finds programs.</param>
    /// <param name="output">Takes what the program prints; null for nobody.</param>
    /// <param name="command">Program and arguments.</param>
    public static ToolRun Run(string image, ImageFormat format, string mountPoint, ToolLocator tools, Stream? output, params string[] command) =>
        new()
        {
            Program = tools.Find("unshare", "util-linux"),
            Arguments =
            [
                "--mount", "--propagation", "private", "sh", "-ec", Script, "sh", image, mountPoint, ImageFormats.Name(format), .. command,
            ],
            Output = output,
        };
}
