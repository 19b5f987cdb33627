using StatelessSwarm.Content.Manifests;

namespace StatelessSwarm.Cli.Images;

/// <summary>Names of image formats on the command line and in JSON.</summary>
internal static class ImageFormats
{
    /// <summary>For example <c>squashfs</c>.</summary>
    public static string Name(ImageFormat format) =>
        format switch
        {
            ImageFormat.SquashFs => "squashfs",
            ImageFormat.Erofs => "erofs",
            _ => "unknown",
        };
}
